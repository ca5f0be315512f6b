"""Folders outside the project that add modules to its own."""

import re

import pytest

from hosts import knobs
from hosts.core import modules
from hosts.core.errors import ExtensionError
from tests.conftest import ROOT


@pytest.fixture
def extension(tmp_path, monkeypatch):
    """A folder with one knob; returns it, and names it to the project."""
    (tmp_path / "knobs").mkdir()
    (tmp_path / "knobs" / "fan_pct.py").write_text("")
    monkeypatch.setenv(modules.EXTENSIONS_VARIABLE, str(tmp_path))
    return tmp_path


def test_its_modules_stand_beside_the_packages_own(extension, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "cpu_mhz.py").write_text("")
    path = modules.extended([str(own)], "knobs")
    assert modules.module_names(path) == ["cpu_mhz", "fan_pct"]
    assert modules.extended([str(own)], "meters") == [str(own)]


def test_a_name_that_is_taken_is_refused(extension, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "fan_pct.py").write_text("")
    path = modules.extended([str(own)], "knobs")
    with pytest.raises(ExtensionError, match=r"fan_pct\.py: the name fan_pct is taken by .*own"):
        modules.module_names(path)


def test_a_folder_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv(modules.EXTENSIONS_VARIABLE, "/nowhere/at/all")
    with pytest.raises(ExtensionError, match="/nowhere/at/all: there is no such folder"):
        modules.extension_folders()


def test_its_files_are_pushed_to_hosts_and_named_where_they_change(extension, monkeypatch):
    from dynasplit.run.identity import changed_rooms, code_state
    from dynasplit.testbed import programs

    (extension / "policies").mkdir()
    (extension / "policies" / "own.py").write_text("")
    pushed = dict(programs._files())
    assert pushed["hosts/knobs/fan_pct.py"] == extension / "knobs" / "fan_pct.py"
    assert "hosts/knobs/base.py" in pushed
    assert not any(name.endswith("own.py") for name in pushed)
    before = code_state()
    (extension / "policies" / "own.py").write_text("# another one")
    assert [room.split("/")[-1] for room in changed_rooms(before, code_state())] == ["policies"]
    monkeypatch.delenv(modules.EXTENSIONS_VARIABLE)
    assert [room.split("/")[-1] for room in changed_rooms(before, code_state())] == [
        "knobs",
        "policies",
    ]


@pytest.mark.parametrize("name", ["fan-pct", "class", "split_point"])
def test_a_file_whose_name_is_none_for_a_module_is_refused(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("")
    with pytest.raises(ExtensionError, match=f"{name}.py: no name for a module"):
        modules.module_names([str(tmp_path)])


@pytest.mark.parametrize("text", ["(", "import nope_nope", "raise RuntimeError", "exit(3)"])
def test_a_file_that_cannot_be_imported_is_named(tmp_path, monkeypatch, text):
    (tmp_path / "broken_one.py").write_text(text)
    monkeypatch.setattr("hosts.knobs.__path__", [*knobs.__path__, str(tmp_path)])
    with pytest.raises(ExtensionError, match=r"hosts\.knobs\.broken_one cannot be imported: "):
        modules.load("hosts.knobs", "broken_one")


def test_every_package_that_takes_further_files_is_known_as_a_folder_of_them():
    asks = re.compile(r'^__path__ = extended\(__path__, "(\w+)"\)', re.MULTILINE)
    packages = [p for top in ("dynasplit", "hosts") for p in (ROOT / top).rglob("__init__.py")]
    named = {name for p in packages for name in asks.findall(p.read_text())}
    assert named == set(modules._EXTENSIBLE)

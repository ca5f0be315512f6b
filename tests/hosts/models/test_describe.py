"""A network described by a child process, once; afterwards by the cache."""

import shutil
import subprocess
import sys

import pytest

from hosts.core.errors import ArtifactError, ModelError
from hosts.models.prepare.describe import describe, described
from hosts.models.prepare.prepare import PrepareOrder

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def digits_root(tmp_path_factory):
    """A cache that knows digits_cnn, described once."""
    root, said = tmp_path_factory.mktemp("described"), []
    assert described(PrepareOrder("digits_cnn"), root) is None
    describe(PrepareOrder("digits_cnn"), said.append, root)
    assert len(said) == 1
    return root


def silent(_what: str) -> None:
    pytest.fail("it is made again")


def test_digits_are_described_once_and_then_cached(digits_root):
    found = describe(PrepareOrder("digits_cnn"), silent, digits_root)
    assert found == described(PrepareOrder("digits_cnn"), digits_root)
    assert [p.index for p in found.split_points] == list(range(8))
    assert found.last_split_point == 7
    assert [p.bytes for p in found.split_points] == [1024, 4096, 1024, 2048, 512, 512, 64, 0]
    assert describe(PrepareOrder("digits_cnn", images=3, seed=5), silent, digits_root) == found


def test_what_is_cached_costs_no_framework(digits_root):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hosts.models.prepare.describe import describe\n"
        "from hosts.models.prepare.prepare import PrepareOrder\n"
        f"describe(PrepareOrder('digits_cnn'), print, Path({str(digits_root)!r}))\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_an_unknown_network_is_named(tmp_path):
    with pytest.raises(ModelError, match="'alexnet' asked"):
        describe(PrepareOrder("alexnet"), lambda what: None, tmp_path)


def test_a_damaged_description_is_made_anew_or_says_what_to_do(digits_root, tmp_path):
    before = describe(PrepareOrder("digits_cnn"), silent, digits_root)
    shutil.copytree(digits_root, tmp_path, dirs_exist_ok=True)
    files = (tmp_path / "artifacts").glob("*description*.json")
    (file,) = (path for path in files if not path.name.endswith(".json.json"))
    file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(ArtifactError, match="delete it and start again"):
        described(PrepareOrder("digits_cnn"), tmp_path)
    assert describe(PrepareOrder("digits_cnn"), lambda what: None, tmp_path) == before

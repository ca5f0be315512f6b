"""The quick part over real SSH servers on this machine: each thing that is wrong has its row."""

from dataclasses import replace

import pytest

from dynasplit.preflight.quick import quick_part
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.loopback import loopback_hosts
from tests.gpm import Instrument

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def both():
    given = HostAddress(), HostAddress(knobs=("cloud_gpu",))
    with loopback_hosts(*given) as hosts:
        yield hosts


@pytest.fixture
def instrument():
    meter = Instrument()
    yield meter
    meter.close()


def rows(part) -> dict[tuple[str, str], tuple[str, str]]:
    return {(f.host, f.check): (f.verdict, f.found) for f in part.findings}


def test_this_machine_in_both_roles_is_usable_and_told_to_be_one(both):
    part = quick_part(*both)
    found = rows(part)
    for check in ("login", "interpreter", "packages", "disk", "clock"):
        assert found["edge", check][0] == found["cloud", check][0] == "ok", found
    assert found["both", "identity"][0] == "error"
    assert found["cloud", "cloud_gpu"][0] == "ok"
    assert part.edge.is_usable
    assert part.cloud.is_usable
    assert part.is_one_machine
    assert ("both", "identity") not in rows(quick_part(*both, one_machine=True))


def test_two_hosts_with_one_cache_are_given_the_programs_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNASPLIT_CACHE", str(tmp_path / "cache"))
    with loopback_hosts(HostAddress(), HostAddress()) as hosts:
        part = quick_part(*hosts, one_machine=True)
    assert part.edge.is_usable, rows(part)
    assert part.cloud.is_usable, rows(part)
    assert len(list((tmp_path / "cache/programs").glob("????????????????"))) == 1


def test_an_interpreter_that_is_too_old_for_the_first_look_tells_its_version(both, tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in import*) echo "[3, 6, 9, 32]";; *) exit 1;; esac\n')
    old.chmod(0o755)
    edge, cloud = both
    part = quick_part(replace(edge, python=str(old)), cloud)
    verdict, found = rows(part)["edge", "interpreter"]
    assert verdict == "error"
    assert "is Python 3.6.9, 32 bits" in found
    assert "3.11 to 3.13 is needed" in found
    assert not part.edge.is_usable


@pytest.mark.parametrize(
    ("changes", "verdict", "told"),
    [
        ({}, "ok", "is Python 3"),
        ({"python": "OLD"}, "error", "is Python 3.6.9 on"),
        ({"port": 1}, "error", "no answer"),
    ],
)
def test_a_third_machine_that_a_meter_hangs_at_is_looked_at(
    both, tmp_path, instrument, changes, verdict, told
):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in import*) echo "[3, 6, 9, 32]";; *) exit 1;; esac\n')
    old.chmod(0o755)
    edge, cloud = both
    changes = {k: str(old) if v == "OLD" else v for k, v in changes.items()}
    machine = replace(cloud, knobs=(), **changes)
    meter = MeterSpec("gpm8213", {"resource": instrument.resource}, machine)
    found = rows(quick_part(replace(edge, meters=(meter,)), cloud))
    assert found["edge", f"meters on {machine}"][0] == verdict, found
    assert told in found["edge", f"meters on {machine}"][1]
    assert (("edge", "meter gpm8213") in found) == (verdict == "ok")  # else one line is enough
    if verdict == "ok":
        assert found["edge", f"meters on {machine}: clock"][0] == "ok"
        assert "17.7 W" in found["edge", "meter gpm8213"][1]


def test_what_is_wrong_on_one_host_hides_nothing_on_the_other(both, tmp_path):
    edge, cloud = both
    cloud = replace(
        cloud,
        knobs=("cloud_gpu", "no_such_knob"),
        meters=(MeterSpec("rapl", {"root": str(tmp_path)}), MeterSpec("board")),
    )
    found = rows(quick_part(replace(edge, user="nobody", known_hosts="/no/file"), cloud))
    assert found["edge", "login"][0] == "error"
    assert "knob 'no_such_knob' asked" in found["cloud", "no_such_knob"][1]
    assert "no RAPL here" in found["cloud", "meter rapl"][1]
    assert "no emulated board" in found["cloud", "meter board"][1]
    assert found["cloud", "cloud_gpu"][0] == "ok"

"""CPUs of the edge online: which of them, and what becomes of their frequencies."""

import json
from pathlib import Path

import pytest

from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import KnobError
from hosts.knobs.base import build
from hosts.machine.cpus import cpus_in, granted_cpus, own_cpus
from tests.hosts.trees import CPUFREQ, CPUS, cores

NAMES = ("cpu_cores", "cpu_mhz")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Its programs may use what is online of four CPUs."""
    made = cores(tmp_path)
    monkeypatch.setattr("hosts.knobs.cpu_cores.granted_cpus", lambda: (0, 1, 2, 3))
    monkeypatch.setattr("hosts.knobs._frequency.own_cpus", lambda: tuple(online(tmp_path)))
    return made


def online(root: Path) -> list[int]:
    switches = [(root / CPUS / f"cpu{cpu}/online", cpu) for cpu in (1, 2, 3)]
    return [0, *(cpu for path, cpu in switches if path.read_text().strip() == "1")]


def governors(root: Path) -> list[str]:
    return [(root / CPUFREQ / f"policy{n}/scaling_governor").read_text().strip() for n in range(4)]


def test_the_first_ones_stay_online_and_the_first_always_does(machine):
    knob = build("cpu_cores", machine)
    assert knob.allowed() == (1, 2, 3, 4)
    knob.write(2)
    assert (online(machine.root), knob.read()) == ([0, 1], 2)
    knob.write(3)
    assert online(machine.root) == [0, 1, 2]
    assert {path.parent.name for path in knob.files()} == {"cpu1", "cpu2", "cpu3"}


def test_only_cpus_of_this_host_are_switched_and_one_of_them_stays(machine, monkeypatch):
    monkeypatch.setattr("hosts.knobs.cpu_cores.granted_cpus", lambda: (2, 3))
    knob = build("cpu_cores", machine)
    assert knob.allowed() == (1, 2)
    knob.write(1)
    assert online(machine.root) == [0, 1, 2]


def test_many_cpus_are_offered_as_doublings(tmp_path, monkeypatch):
    for cpu in range(24):
        (tmp_path / CPUS / f"cpu{cpu}").mkdir(parents=True)
        (tmp_path / CPUS / f"cpu{cpu}/online").write_text("1")
    monkeypatch.setattr("hosts.knobs.cpu_cores.granted_cpus", lambda: tuple(range(24)))
    machine = cores(tmp_path / "other")
    machine.root = tmp_path
    assert build("cpu_cores", machine).allowed() == (1, 2, 4, 8, 16, 24)


def test_cores_are_set_before_their_frequencies_whatever_the_order(machine, tmp_path):
    """A CPU that comes back has a governor that nobody asked for."""
    knobs = RestorableKnobs(reversed(NAMES), machine, tmp_path / "record")
    assert knobs.apply({"cpu_mhz": 600, "cpu_cores": 1}) == {"cpu_mhz": 600, "cpu_cores": 1}
    assert governors(tmp_path) == ["userspace", "ondemand", "ondemand", "ondemand"]
    knobs.apply({"cpu_mhz": 600, "cpu_cores": 4})
    assert governors(tmp_path) == ["userspace"] * 4
    knobs.apply({"cpu_mhz": 1200, "cpu_cores": 2})
    knobs.check({"cpu_mhz": 1200, "cpu_cores": 2})
    assert knobs.allowed()["cpu_mhz"] == (600, 1200, 1800)


def test_after_a_crash_cores_are_put_back_before_their_frequencies(machine, tmp_path):
    record = tmp_path / "record"
    before = {name: build(name, machine).snapshot() for name in NAMES}
    RestorableKnobs(NAMES, machine, record).apply({"cpu_cores": 1, "cpu_mhz": 600})
    kept = json.loads(record.read_text())
    record.write_text(json.dumps({name: kept[name] for name in reversed(NAMES)}))
    assert RestorableKnobs(NAMES, machine, record).restore() is True
    assert {name: build(name, machine).snapshot() for name in NAMES} == before


def test_a_kernel_that_does_not_switch_is_told(machine, monkeypatch):
    knob = build("cpu_cores", machine)
    monkeypatch.setattr("hosts.knobs.cpu_cores.put", lambda *_: None)
    with pytest.raises(KnobError, match="cpu_cores=1 asked, 4 read back"):
        knob.write(1)


def test_cpus_without_a_switch_are_no_knob(machine):
    for path in machine.root.glob(f"{CPUS}/*/online"):
        path.unlink()
    with pytest.raises(KnobError, match="has no CPU with a switch"):
        build("cpu_cores", machine).discover()


@pytest.mark.skipif(not own_cpus(), reason="this system binds no programs")
def test_the_kernels_mask_holds_this_programs_cpus():
    assert set(own_cpus()) <= set(granted_cpus())
    assert cpus_in("0-2,5 7") == {0, 1, 2, 5, 7}

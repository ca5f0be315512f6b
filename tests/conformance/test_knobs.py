"""What every knob must do, on every kind of machine that offers it.

A new file in hosts/knobs is found by itself; it needs machines below that offer it.
"""

import os
from collections.abc import Iterator

import pytest

from hosts.agents.open_machine import open_machine
from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, build, names_on_hosts
from hosts.machine.real import RealMachine
from tests.boards import on_board
from tests.fake_tc import shaped
from tests.gpu_controls import gpus
from tests.hosts.trees import (
    BIG,
    CPUFREQ,
    LITTLE,
    PSTATE,
    SCHEDUTIL,
    USERSPACE,
    acpi,
    coral,
    cores,
    cpufreq,
    jetson,
    nvidia,
    turbo,
)
from tests.linked import linked

FEWER = USERSPACE | {"scaling_available_frequencies": "600000 900000 1200000"}

BOARDS = {"cpu_mhz": "edge", "edge_accelerator": "edge", "cloud_gpu": "cloud"}
REAL = {
    ("cpu_mhz", "userspace governor"): lambda root: cpufreq(root, USERSPACE),
    ("cpu_mhz", "several policies"): lambda root: cpufreq(root, USERSPACE, FEWER, USERSPACE),
    ("cpu_mhz", "intel_pstate"): lambda root: cpufreq(root, PSTATE, PSTATE),
    ("cpu_mhz", "intel_pstate with turbo"): turbo,
    ("cpu_mhz", "acpi-cpufreq with turbo"): acpi,
    ("cpu_mhz", "schedutil alone"): lambda root: cpufreq(root, SCHEDUTIL),
    ("cpu_mhz", "big and little cores"): lambda root: cpufreq(root, LITTLE, BIG),
    ("cpu_cores", "switches of CPUs"): cores,
    ("cpu_little_mhz", "big and little cores"): lambda root: cpufreq(root, LITTLE, BIG),
    ("edge_accelerator", "a Coral"): coral,
    ("cloud_gpu", "an NVIDIA driver"): nvidia,
    ("link_mbit_s", "a network of its own"): linked,
    ("link_delay_ms", "a stand-in of tc"): shaped,
    ("link_loss_pct", "a stand-in of tc"): shaped,
    ("jetson_mode", "a Jetson"): jetson,
    ("gpu_power_w", "an NVIDIA GPU"): gpus,
    ("gpu_clock_mhz", "an NVIDIA GPU"): gpus,
}


def test_every_knob_has_a_board_and_a_real_machine_here():
    assert sorted({name for name, _ in REAL}) == sorted(names_on_hosts())
    with on_board("edge"):
        offered = {name for name in names_on_hosts("edge") if _offers(name)}
    with on_board("cloud"):
        offered |= {name for name in names_on_hosts("cloud") if _offers(name)}
    assert offered == set(BOARDS)


def _offers(name: str) -> bool:
    try:
        return len(build(name, open_machine()).allowed()) > 1
    except KnobError:
        return False


PLACES = [*((name, "a board") for name in BOARDS), *REAL]


def _marks(name: str) -> list[pytest.MarkDecorator]:
    """Setting the link runs many programs."""
    return [pytest.mark.medium] if name.startswith("link_") else []


@pytest.fixture(
    params=[pytest.param(place, marks=_marks(place[0])) for place in PLACES],
    ids=[f"{name} on {what}" for name, what in PLACES],
)
def knob(request, tmp_path, monkeypatch) -> Iterator[HostKnob]:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr("hosts.knobs.cpu_cores.granted_cpus", lambda: (0, 1, 2, 3))
    name = request.param[0]
    if request.param in REAL:
        make = REAL[request.param]
        further = {gpus: (monkeypatch,), linked: (request,), shaped: (request,)}
        machine = make(tmp_path, *further.get(make, ()))
        yield build(name, machine)
        machine.open_accelerator("off")
        return
    with on_board(BOARDS[name]):
        yield build(name, open_machine())


class TestKnob:
    def test_reads_and_offers_values_of_its_kind_from_slow_to_fast(self, knob):
        assert {type(value) for value in (knob.read(), *knob.allowed())} == {knob.kind}
        assert len(knob.allowed()) > 1
        assert knob.allowed() == knob.ordered(knob.allowed())

    def test_holds_each_value_that_it_offers_after_writing_it(self, knob):
        for value in (*knob.allowed(), *reversed(knob.allowed())):
            knob.write(value)
            assert knob.holds(value)
            assert knob.read() == value
            assert not any(knob.holds(other) for other in knob.allowed() if other != value)

    def test_refuses_what_it_does_not_offer_and_names_what_it_does(self, knob):
        before = knob.read()
        with pytest.raises(KnobError, match=f"{knob.name}=.* asked; this host offers: "):
            knob.write("nonsense" if isinstance(before, str) else 123457)
        assert knob.read() == before

    def test_restores_the_state_before(self, knob):
        before, first = knob.snapshot(), knob.read()
        for value in knob.allowed():
            knob.write(value)
        knob.restore(before)
        assert knob.snapshot() == before
        assert knob.read() == first


def test_an_unknown_knob_names_those_there_are():
    with pytest.raises(KnobError, match=f"there are: {', '.join(names_on_hosts())}"):
        build("fan_speed", RealMachine())


def test_several_policies_offer_what_all_of_them_list(tmp_path):
    knob = build("cpu_mhz", cpufreq(tmp_path, USERSPACE, FEWER))
    assert knob.allowed() == (600, 1200)
    knob.write(600)
    (tmp_path / CPUFREQ / "policy1/scaling_setspeed").write_text("1200000")
    knob._machine.settle()
    assert not knob.holds(600)


def test_the_frequency_is_clamped_where_there_is_no_userspace_governor(tmp_path):
    policy = tmp_path / CPUFREQ / "policy0"
    knob = build("cpu_mhz", cpufreq(tmp_path, PSTATE))
    knob.write(800)
    assert (policy / "scaling_max_freq").read_text().strip() == "800000"
    knob.write(3000)
    assert (policy / "scaling_min_freq").read_text().strip() == "3000000"


def test_800_is_not_taken_for_1800000_khz(tmp_path, monkeypatch):
    """A frequency that is part of the current one's digits must still be set."""
    listed = {"scaling_available_frequencies": "800000 1800000 3000000"}
    machine = cpufreq(tmp_path, PSTATE | listed | {"scaling_cur_freq": "1800000"})
    monkeypatch.setattr(machine, "settle", lambda: None)  # a kernel that does not answer
    with pytest.raises(KnobError, match="cpu_mhz=800 asked, 1800 read back"):
        build("cpu_mhz", machine).write(800)


def test_a_frequency_that_drifts_is_noticed_after_the_run(board_host, tmp_path):
    machine = open_machine()
    knobs = RestorableKnobs(("cpu_mhz",), machine, tmp_path / "record.json")
    knobs.apply({"cpu_mhz": 1200})
    knobs.check({"cpu_mhz": 1200})
    foreign = machine.root / "sys/devices/system/cpu/cpufreq/policy0/scaling_setspeed"
    foreign.write_text("600000")
    machine.settle()
    with pytest.raises(KnobError, match="cpu_mhz=1200 was set before the run, 600 is read"):
        knobs.check({"cpu_mhz": 1200})


def test_the_state_before_is_recorded_and_the_next_start_restores_it(board_host, tmp_path):
    record = tmp_path / "record.json"
    machine = open_machine()
    crashed = RestorableKnobs(("cpu_mhz", "edge_accelerator"), machine, record)
    before = {n: build(n, machine).snapshot() for n in ("cpu_mhz", "edge_accelerator")}
    crashed.apply({"cpu_mhz": 600, "edge_accelerator": "max"})
    assert record.is_file()
    next_start = RestorableKnobs(("cpu_mhz", "edge_accelerator"), machine, record)
    assert next_start.restore() is True
    assert {n: build(n, machine).snapshot() for n in before} == before
    assert not record.exists()
    assert next_start.restore() is False


@pytest.mark.fault(
    group="hosts",
    fault="a damaged record of a host's settings",
    seen="`check the host's settings by hand`",
    kept="the record",
)
def test_a_damaged_record_is_named_and_not_ignored(board_host, tmp_path):
    record = tmp_path / "record.json"
    record.write_text("{")
    with pytest.raises(KnobError, match="check the host's settings by hand"):
        RestorableKnobs(("cpu_mhz",), open_machine(), record).restore()

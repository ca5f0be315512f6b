"""Putting a host back: each knob by itself, and nothing forgotten that is not put back yet."""

import json
import threading
from pathlib import Path

import pytest

from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import KnobError, NotHeldError, RestoreError
from hosts.knobs.base import build
from tests.hosts.trees import CPUFREQ, USERSPACE, RealOnTree, coral, cpufreq

NAMES = ("cpu_mhz", "edge_accelerator")


@pytest.fixture
def machine(tmp_path) -> RealOnTree:
    cpufreq(tmp_path, USERSPACE)
    return coral(tmp_path)


@pytest.fixture
def record(tmp_path) -> Path:
    return tmp_path / "state/edge.json"


def state(machine: RealOnTree) -> dict:
    return {name: build(name, machine).snapshot() for name in NAMES}


def changed(machine: RealOnTree, record: Path) -> None:
    knobs = RestorableKnobs(NAMES, machine, record)
    knobs.apply({"edge_accelerator": "max"})
    knobs.apply({"cpu_mhz": 600, "edge_accelerator": "off"})


@pytest.mark.parametrize("goes", ["after it is found", "before"])
@pytest.mark.fault(
    group="hosts",
    fault="a knob that cannot be put back",
    seen="which one and why: `cpu_mhz: ... stays in ...`",
    kept="the others are put back; its record stays on the host",
)
def test_a_knob_that_fails_stops_no_other_and_stays_on_record(machine, record, goes):
    before = state(machine)
    changed(machine, record)
    policy, away = machine.root / CPUFREQ / "policy0", machine.root / "away"
    if goes == "before":  # a KnobError then; an OSError else
        policy.rename(away)
        knobs = RestorableKnobs(NAMES[1:], machine, record)
    else:
        knobs = RestorableKnobs(NAMES, machine, record)
        policy.rename(away)
    with pytest.raises(RestoreError, match=r"^cpu_mhz: .*stays in .*edge\.json"):
        knobs.restore()
    assert build("edge_accelerator", machine).snapshot() == before["edge_accelerator"]
    assert list(json.loads(record.read_text())) == ["cpu_mhz"]

    away.rename(policy)
    assert RestorableKnobs(NAMES, machine, record).restore() is True
    assert state(machine) == before
    assert not record.exists()


@pytest.mark.fault(
    group="hosts",
    fault="a knob that was changed and is no longer configured",
    seen="nothing: it is put back too",
)
def test_a_knob_that_is_no_longer_configured_is_put_back_too(machine, record):
    before = state(machine)
    changed(machine, record)
    assert RestorableKnobs((), machine, record).restore() is True
    assert state(machine) == before
    assert not record.exists()


@pytest.mark.fault(
    group="hosts",
    fault="a record of a knob that is unknown now",
    seen="`fan_rpm: this host knows no such knob now`",
    kept="the record",
)
def test_a_knob_that_this_host_does_not_know_stays_on_record(machine, record):
    record.parent.mkdir()
    fan = {"fan_rpm": {"value": "900"}}
    record.write_text(json.dumps(fan))
    knobs = RestorableKnobs(NAMES, machine, record)
    assert knobs.restore(unknown_may_stay=True) is True
    assert json.loads(record.read_text()) == fan

    before = state(machine)
    knobs.apply({"cpu_mhz": 600})
    assert json.loads(record.read_text()) == fan | before
    with pytest.raises(RestoreError, match="fan_rpm: this host knows no such knob now"):
        knobs.restore()
    assert state(machine) == before
    assert json.loads(record.read_text()) == fan


def test_what_was_changed_first_stays_on_record_when_a_later_run_changes_it_again(machine, record):
    before = state(machine)
    changed(machine, record)
    RestorableKnobs(NAMES, machine, record).apply({"cpu_mhz": 1200})
    assert json.loads(record.read_text()) == before


def test_what_does_not_last_is_an_error_that_may_pass(machine, record):
    knobs = RestorableKnobs(NAMES, machine, record)
    knobs.apply({"cpu_mhz": 600})
    (machine.root / CPUFREQ / "policy0/scaling_governor").write_text("ondemand\n")
    machine.settle()
    with pytest.raises(NotHeldError, match="cpu_mhz=600 was set before the run, 1800 is read"):
        knobs.check({"cpu_mhz": 600})


@pytest.mark.parametrize("goes_wrong", [OSError(5, "Input/output error", "/x/y"), KnobError("no")])
def test_what_goes_wrong_names_the_setting(machine, record, monkeypatch, goes_wrong):
    def fails(*_):
        raise goes_wrong

    monkeypatch.setattr("hosts.knobs.cpu_mhz.CpuMhz.write", fails)
    words = "no" if isinstance(goes_wrong, KnobError) else "/x/y: Input/output error"
    with pytest.raises(KnobError, match=f"^cpu_mhz=600 asked; {words}$"):
        RestorableKnobs(NAMES, machine, record).apply({"cpu_mhz": 600})


def test_what_is_being_set_while_the_host_is_put_back_for_good_does_not_stay(
    machine, record, monkeypatch
):
    """A request's thread that a closing agent did not wait for."""
    before = state(machine)
    knobs = RestorableKnobs(NAMES, machine, record)
    accelerator = type(build("edge_accelerator", machine))
    begun, go_on = threading.Event(), threading.Event()
    write = accelerator.write

    def slow_write(self, value):
        begun.set()
        assert go_on.wait(5)
        write(self, value)

    monkeypatch.setattr(accelerator, "write", slow_write)
    refused = []

    def request():
        try:
            knobs.apply({"edge_accelerator": "max", "cpu_mhz": 600})
        except KnobError as error:
            refused.append(str(error))

    thread = threading.Thread(target=request)
    thread.start()
    assert begun.wait(5)
    threading.Timer(0.05, go_on.set).start()
    assert knobs.restore(for_good=True) is True
    thread.join(5)
    assert len(refused) == 1
    assert state(machine) == before
    assert not record.exists()
    with pytest.raises(KnobError, match="agent is ending"):
        knobs.apply({"cpu_mhz": 600})
    assert state(machine) == before

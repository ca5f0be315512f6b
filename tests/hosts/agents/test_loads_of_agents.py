"""What an agent does for a preflight, on this machine's own clock and CPUs."""

from typing import Any

import pytest

from hosts.agents.preflight import Preflight
from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import HostError
from hosts.machine.real import RealMachine
from hosts.wire import preflight as asked
from tests.hosts.trees import CPUFREQ, USERSPACE, cpufreq


class Echo:
    """The cloud's end of a link that takes no time."""

    def __init__(self) -> None:
        self.sent_bytes: list[int] = []

    def echo(self, body: bytes) -> None:
        self.sent_bytes.append(len(body))


@pytest.fixture
def agent(tmp_path) -> Any:
    machine = RealMachine()
    knobs = RestorableKnobs((), machine, tmp_path / "record.json")
    return Preflight(machine, knobs, lambda: None)


def test_a_longer_loop_takes_longer_on_this_machine(agent):
    def shortest_s(iterations):
        order = asked.LoopOrder(run="a", iterations=iterations, repeats=3)
        return min(agent.loop(order).durations_s)

    assert shortest_s(400_000) > 2 * shortest_s(40_000)


def test_loads_come_in_their_turns_and_cost_cpu_time(agent):
    before = agent.cost(asked.CostOrder(meters=()))
    turns_s = ((0.05, 0.3), (0.1, 0.1), (0.05, 0.0))
    done = agent.load(asked.BurdenOrder(run="a", turns_s=turns_s))
    after = agent.cost(asked.CostOrder(meters=()))
    (first, second) = done.spans_ns
    assert first[1] - first[0] >= 300_000_000
    assert second[0] - first[1] >= 100_000_000
    assert done.end_ns - done.start_ns >= 600_000_000
    assert done.start_ns <= first[0]
    assert after.agent_s - before.agent_s > 0.03
    assert (after.meters_s, after.cpus > 0) == (0.0, True)


def test_a_load_or_a_loop_without_an_end_is_refused(agent):
    with pytest.raises(HostError, match="a load of 9999 s asked; allowed: up to 120 s"):
        agent.load(asked.BurdenOrder(run="a", turns_s=((0.0, 9999.0),)))
    with pytest.raises(HostError, match="allowed: 1 to"):
        agent.loop(asked.LoopOrder(run="a", iterations=10**10, repeats=9))


def test_a_quick_link_is_asked_with_large_messages(tmp_path):
    stream: Any = Echo()
    knobs = RestorableKnobs((), RealMachine(), tmp_path / "record.json")
    report: Any = Preflight(RealMachine(), knobs, lambda: stream).link(asked.LinkOrder())
    assert stream.sent_bytes.count(64) >= 20
    assert stream.sent_bytes[-1] == 4 * 1024 * 1024
    assert report.mbit_s > 0


def test_a_link_before_the_edge_is_connected_is_refused(agent):
    with pytest.raises(HostError, match="before the edge was connected"):
        agent.link(asked.LinkOrder())


def test_what_others_change_after_a_knob_is_put_back_is_told(tmp_path, monkeypatch):
    machine = cpufreq(tmp_path, USERSPACE)
    knobs = RestorableKnobs(("cpu_mhz",), machine, tmp_path / "record.json")
    agent: Any = Preflight(machine, knobs, lambda: None)
    slow, fast = knobs.allowed()["cpu_mhz"][0], knobs.allowed()["cpu_mhz"][-1]
    knobs.apply({"cpu_mhz": slow})
    assert agent.restore(asked.RestoreOrder()).unlike == {}
    knobs.apply({"cpu_mhz": fast})
    restore = knobs.restore
    governor = tmp_path / CPUFREQ / "policy0/scaling_governor"

    def restored_then_changed():
        restore()
        governor.write_text("userspace\n")

    monkeypatch.setattr(knobs, "restore", restored_then_changed)
    (words,) = agent.restore(asked.RestoreOrder()).unlike.values()
    assert "scaling_governor was" in words
    assert "is userspace" in words

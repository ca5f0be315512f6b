"""What becomes of a gate that is not passed: flags, another window, the end of the run."""

import pytest

from dynasplit.core.errors import GateFailed, TestbedError, WindowInvalid
from dynasplit.offline.measurer import CONFIGURATION_FAULTS
from dynasplit.testbed.gates import base
from dynasplit.testbed.gates.base import Gate, Verdict, gates
from dynasplit.testbed.judging import GateRules, WindowTooShort, judge
from dynasplit.testbed.retry import RetryPolicy
from hosts.wire.window_rules import WindowRules
from tests.dynasplit.testbed.gates.made_up import host, judged, noisy, window


def negative():
    readings = noisy(4.0)
    readings[3] = -1.0
    return window(host(readings))


def test_what_passes_leaves_its_numbers():
    found = judged(window(), **{name: gate.action for name, gate in gates().items()})
    assert found.flags == ()
    assert {"frozen_pct", "negative_w", "impossible_w", "steady_pct", "timer_pct"} <= set(
        found.figures
    )


def test_warn_adds_the_gate_s_name_to_the_flags():
    found = judged(negative(), negative="warn", frozen="again")
    assert found.flags == ("negative",)
    assert found.words == ("gate negative: edge wall: -1 W read; at least 0 W",)
    assert found.figures["negative_w"] == -1.0


def test_off_is_not_looked_at():
    assert judged(negative()).figures == {}


@pytest.mark.fault(
    group="meters",
    fault="a window that a gate with `again` does not let pass, however often it is measured",
    seen="`gate negative: edge wall: -1 W read`, by name, as the reason why it was given up",
)
def test_again_is_tried_as_often_as_retries_say_and_then_a_configuration_s_fault():
    tried = []

    def once():
        tried.append(1)
        return judged(negative(), negative="again")

    with pytest.raises(WindowInvalid, match="gate negative: edge wall: -1 W read") as refused:
        RetryPolicy(retries=2, wait_s=0).measure(once)
    assert len(tried) == 3
    assert isinstance(refused.value, CONFIGURATION_FAULTS)


@pytest.mark.fault(
    group="meters",
    fault="a gate whose action is `stop` is not passed",
    seen="`gate negative: edge wall: -1 W read; at least 0 W. What is measured is kept`",
    kept="all that was measured before",
)
def test_stop_ends_the_run_at_once_whatever_else_is_found():
    both = negative()
    with pytest.raises(GateFailed) as ended:
        RetryPolicy(wait_s=0).measure(
            lambda: judged(both, negative="stop", impossible="again", frozen="warn")
        )
    assert str(ended.value).startswith(
        "gate negative: edge wall: -1 W read; at least 0 W. What is measured is kept"
    )
    assert isinstance(ended.value, TestbedError)
    assert not isinstance(ended.value, CONFIGURATION_FAULTS)


def test_a_window_that_is_too_short_is_measured_longer_while_it_may_be():
    wide = window(host(noisy(4.0, 300, 24)), energy_j=0.4)
    with pytest.raises(WindowTooShort):
        judged(wide, energy_ci="again")
    bounded = window(host(noisy(4.0, 300, 24)), energy_j=0.4)
    object.__setattr__(bounded, "rules", WindowRules(max_window_s=3.0))
    assert judged(bounded, energy_ci="again").flags == ("energy_ci",)


def test_a_gate_that_fails_itself_is_not_passed(monkeypatch):
    class Broken(Gate):
        name, unit, thresholds, action = "broken", "pct", (), "warn"

        def check(self, window) -> Verdict | None:
            raise KeyError("wall")

    monkeypatch.setattr("dynasplit.testbed.judging.gates", lambda: {"broken": Broken})
    found = judge(GateRules(), window())
    assert found.flags == ("broken",)
    assert found.figures == {}
    assert "it cannot judge this: " in found.words[0]


def test_each_gate_says_what_it_is():
    from dynasplit.audit.findings import CHECKS

    for name, gate in gates().items():
        assert gate.meaning
        assert gate.source
        assert gate.without, name
        assert gate.action in base.ACTIONS
        assert name not in CHECKS  # a flag says who raised it
        assert all(t.least <= (t.default or t.least) <= t.most for t in gate.thresholds)
        assert all(t.name.rpartition("_")[2] in UNITS for t in gate.thresholds), name


UNITS = {"pct", "ppm", "ms", "s", "w", "times", "mhz", "c", "events", "pages"}

"""What steps say of meters, case by case."""

import pytest

from dynasplit.preflight.meter_verdicts import verdicts
from dynasplit.preflight.steps import Step
from dynasplit.preflight.stimulus import Observed

NONE = Step(0.001, 0.4, 1.1, 4.0, 0.004)
HIDDEN = Step(0.2, 0.4, 2.0, 4.0, 1.5)


def step(step_w, delay_s=0.01, score=80.0):
    return Step(step_w, delay_s, score, 4.0, 0.004)


def seen(host, own, other, **more):
    elsewhere = "cloud" if host == "edge" else "edge"
    told = {"channel": "wall", "identity": "a meter", "period_s": 0.1, "is_reached": True}
    told |= {"is_constant": False, "update_s": 0.1}
    return Observed(host=host, **(told | more), steps={host: own, elsewhere: other})


GOOD = seen("cloud", step(90.0), NONE)


def told(edge, cloud=GOOD, **how):
    found = next(iter(verdicts([edge, cloud], **how)))
    return found.verdict, found.found


@pytest.mark.parametrize(
    ("edge", "verdict", "words"),
    [
        (seen("edge", step(1.7), NONE), "ok", "follows edge's load by 1.7 W, 0.01 s late"),
        (seen("edge", step(1.7, 0.5), NONE), "error", "lags by 0.5 s"),
        (seen("edge", step(1.7, 2.02), NONE), "error", "lags by 2.0 s"),
        (seen("edge", step(1.7, -0.6), NONE), "error", "0.6 s before it begins"),
        (seen("edge", NONE, NONE, is_constant=True), "error", "frozen: 4 W all the time"),
        (seen("edge", NONE, NONE), "error", "no load shows in it"),
        (seen("edge", HIDDEN, NONE), "warning", "hides steps below"),
        (seen("edge", NONE, step(90.0)), "error", "swapped"),
        (seen("edge", step(1.7), step(90.0)), "error", "shared"),
        (seen("edge", step(1.7), step(0.1)), "ok", "follows"),
        (seen("edge", step(1.7), NONE, update_s=1.0), "warning", "a new value each 1 s only"),
        (seen("edge", None, None), "warning", "too seldom"),
        (seen("edge", NONE, NONE, is_reached=False), "warning", "does not reach it"),
        (seen("edge", None, None, trouble="it has ended"), "error", "it has ended"),
    ],
)
def test_a_meter_is_called_what_it_is(edge, verdict, words):
    found = told(edge)
    assert found[0] == verdict, found
    assert words in found[1]


def test_a_small_host_behind_a_large_hosts_meter_is_told_by_its_own_step():
    cloud = seen("cloud", step(90.0), step(1.6))
    edge = seen("edge", step(1.7), NONE)
    assert "shared" in list(verdicts([edge, cloud]))[1].found
    alone = seen("cloud", step(90.0), step(0.4))
    assert "follows" in list(verdicts([edge, alone]))[1].found


def test_of_one_machine_a_meter_may_see_both_hosts():
    assert told(seen("edge", step(9.0), step(9.0)), one_machine=True)[0] == "ok"
    assert told(seen("edge", step(9.0), step(9.0)))[0] == "error"

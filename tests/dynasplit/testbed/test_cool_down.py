"""Hosts that are waited for until they are as warm as at the run's begin."""

from types import SimpleNamespace

import pytest

from dynasplit.testbed.cool_down import CoolDown
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.wire.messages import Conditions, Idled


class Warm:
    """An agent whose host cools by so many degrees a second of rest; None: it has no sensor."""

    def __init__(self, celsius: float | None, a_second: float = 1.0) -> None:
        self.celsius, self.a_second, self.rested_s = celsius, a_second, 0.0

    def call(self, name, order, *_):
        if name == "Conditions":
            told = {} if self.celsius is None else {"edge_temperature_c": self.celsius}
            return Conditions(values=told)
        self.rested_s += order.duration_s
        self.celsius -= self.a_second * order.duration_s
        return Idled(start_ns=0, end_ns=round(order.duration_s * 1e9))


def wait(cooling: CoolDown, agent: Warm):
    host = SimpleNamespace(role="edge", agent=agent)
    return cooling.wait([host], lambda: None, lambda _message: None)


def test_a_host_rests_until_it_is_in_the_band(tmp_path):
    cooling, agent = CoolDown(UpkeepRules(cool_down_c=10.0), tmp_path), Warm(40.0)
    assert wait(cooling, agent).waited_s == 0
    agent.celsius = 58.0
    found = wait(cooling, agent)
    assert (found.waited_s, agent.celsius, found.words) == (8.0, 50.0, "")
    hot = Warm(70.0)  # a start that goes on knows how warm it was at the begin
    assert wait(CoolDown(UpkeepRules(cool_down_c=10.0), tmp_path), hot).waited_s == 20.0


def test_the_wait_has_a_limit_which_is_told():
    cooling, agent = CoolDown(UpkeepRules(cool_down_c=5.0, cool_down_limit_s=7.0)), Warm(40.0, 0.1)
    wait(cooling, agent)
    agent.celsius = 60.0
    found = wait(cooling, agent)
    assert found.waited_s == agent.rested_s == 7.0
    assert found.words == "edge: 59.3 degrees after 7 s of cooling down; at most 45.0 may be"


@pytest.mark.parametrize("rules", [{}, {"cool_down_c": 5.0}, {"cool_down_limit_s": 0.0}])
def test_without_a_band_or_a_sensor_nobody_waits(rules):
    agent = Warm(None)
    assert wait(CoolDown(UpkeepRules(**rules)), agent) is None
    assert agent.rested_s == 0

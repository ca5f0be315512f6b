"""The cloud's knobs: set when they differ from what is set, and checked after each window."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from dynasplit.core.errors import KnobNotHeld, KnobRefused, LinkLost
from dynasplit.core.space import Configuration
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.quality import Qualities
from dynasplit.testbed.ssh import SshTestbed
from hosts.agents.agent import Agent
from hosts.core.errors import NotHeldError
from hosts.wire.messages import Conditions, ConditionsOrder, Judged, KnobsSet, StartOrder
from hosts.wire.window_rules import WindowRules
from tests.hosts.trees import CPUFREQ, USERSPACE, cpufreq


class Cloud:
    """Takes what it is set to, but for 900 W; `asked` is what it was ordered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict]] = []

    def call(self, name, order, *_):
        if name == "Judge":
            return Judged()
        self.asked.append((name, dict(order.knobs)))
        if order.knobs == {"gpu_power_w": 900}:
            raise KnobRefused("cloud host: gpu_power_w=900 asked, 700 read back")
        return KnobsSet(knobs=order.knobs, allowed={}) if name == "Knobs" else Conditions(values={})

    def check_lives(self) -> None:
        """It does."""


def lost(name: str, *_: object) -> Judged:
    if name == "Run":
        raise LinkLost("gone")
    return Judged()


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def testbed(cloud) -> SshTestbed:
    def host(role: str, agent: object, *knobs: str) -> SimpleNamespace:
        return SimpleNamespace(
            role=role,
            agent=agent,
            meters=Mock(period_s=0.1, lead_out_s=0.2, lag_s=0.0, lead_in_s=0.0),
            address=SimpleNamespace(knobs=knobs),
            hold_compiled=Mock(),
            is_emulated=True,
        )

    return SshTestbed(
        edge=host("edge", Mock(call=lost, report=lambda *_: lost("Run"))),
        cloud=host("cloud", cloud, "gpu_power_w"),
        network="n",
        last_split_point=3,
        rules=WindowRules(),
        energy=EnergyRules(),
        qualities=Qualities([0], None),
        traces=None,
    )


def test_after_a_refusal_what_was_set_before_is_set_again(testbed, cloud):
    """A refused setting may have changed something."""
    for watts, error in ((300, LinkLost), (300, LinkLost), (900, KnobRefused), (300, LinkLost)):
        with pytest.raises(error):
            testbed.measure(Configuration.of(1, gpu_power_w=watts))
    assert cloud.asked == [("Knobs", {"gpu_power_w": watts}) for watts in (300, 900, 300)]


def test_the_cloud_is_asked_to_check_what_is_set(testbed, cloud):
    testbed._cloud_knobs = {"gpu_power_w": 300}
    testbed._cloud_conditions()
    assert cloud.asked == [("Conditions", {"gpu_power_w": 300})]
    assert testbed._cloud_knobs == {"gpu_power_w": 300}


def test_what_did_not_last_is_set_again(testbed, cloud):
    testbed._cloud_knobs = {"gpu_power_w": 900}
    with pytest.raises(KnobRefused):
        testbed._cloud_conditions()
    with pytest.raises(LinkLost):
        testbed.measure(Configuration.of(1, gpu_power_w=300))
    testbed._cloud_knobs = {"gpu_power_w": 300}
    with pytest.raises(LinkLost):
        testbed.measure(Configuration.of(1, gpu_power_w=300))
    assert cloud.asked == [("Conditions", {"gpu_power_w": 900}), ("Knobs", {"gpu_power_w": 300})]


def test_an_agent_that_finds_another_setting_says_so_instead_of_its_conditions(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("DYNASPLIT_STATE", str(tmp_path / "state"))
    keys = dict.fromkeys(("key_pem", "certificate_pem", "authority_pem"), "")
    machine = cpufreq(tmp_path, USERSPACE)
    agent = Agent(StartOrder(role="cloud", knobs=("cpu_mhz",), **keys), machine)
    agent.knobs.apply({"cpu_mhz": 600})
    agent.conditions(ConditionsOrder(knobs={"cpu_mhz": 600}))
    (tmp_path / CPUFREQ / "policy0/scaling_governor").write_text("ondemand\n")
    with pytest.raises(NotHeldError, match="cpu_mhz=600 was set before the run"):
        agent.conditions(ConditionsOrder(knobs={"cpu_mhz": 600}))


def test_what_does_not_last_may_be_measured_again():
    assert KnobNotHeld.transient
    assert not KnobRefused.transient

"""A link that is lost because the cloud's agent is no more is not waited for."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from dynasplit.core.errors import AgentEnded, LinkLost
from dynasplit.core.space import Configuration
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.quality import Qualities
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.ssh import SshTestbed
from hosts.wire.messages import Judged
from hosts.wire.window_rules import WindowRules


def host(role: str, agent: object) -> SimpleNamespace:
    return SimpleNamespace(
        role=role,
        agent=agent,
        meters=Mock(period_s=0.1, lead_out_s=0.2, lag_s=0.0, lead_in_s=0.0),
        address=SimpleNamespace(knobs=()),
        hold_compiled=Mock(),
        is_emulated=True,
    )


def lost(name: str, *_: object) -> Judged:
    if name == "Run":
        raise LinkLost("edge host: the stream to the cloud agent broke")
    return Judged()


@pytest.mark.parametrize("lives", [True, False])
@pytest.mark.fault(
    group="agents",
    fault="the cloud's agent dies while the edge streams to it",
    seen="`cloud agent has ended ...` at once, instead of an outage of the link",
)
def test_a_link_to_an_agent_that_is_no_more_is_not_waited_for(lives):
    ended = None if lives else AgentEnded("cloud agent has ended by a signal: it said nothing")
    cloud = Mock(check_lives=Mock(side_effect=ended), call=lost)
    testbed = SshTestbed(
        edge=host("edge", Mock(call=lost, report=lambda *_: lost("Run"))),
        cloud=host("cloud", cloud),
        network="n",
        last_split_point=3,
        rules=WindowRules(),
        energy=EnergyRules(),
        qualities=Qualities([0], None),
        traces=None,
    )
    policy = RetryPolicy(retries=2, wait_s=0)
    with pytest.raises(LinkLost if lives else AgentEnded):
        policy.measure(lambda: testbed.measure(Configuration.of(1)))
    assert cloud.check_lives.call_count == (3 if lives else 1)

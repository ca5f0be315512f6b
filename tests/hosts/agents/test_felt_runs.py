"""The loop by which a frequency is felt belongs to windows: a request would wait for it."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from hosts.agents.agent import Agent
from hosts.wire.messages import RunReport, StartOrder
from tests.hosts.trees import cores


@pytest.mark.parametrize(
    ("knobs", "is_request", "is_felt"),
    [
        ({"cpu_mhz": 1800}, False, True),
        ({"cpu_mhz": 1800}, True, False),
        ({}, False, False),
    ],
)
def test_a_frequency_is_felt_around_windows_alone(
    tmp_path, monkeypatch, knobs, is_request, is_felt
):
    monkeypatch.setenv("DYNASPLIT_STATE", str(tmp_path / "state"))
    order = StartOrder(role="edge", knobs=(), key_pem="", certificate_pem="", authority_pem="")
    agent = Agent(order, cores(tmp_path))
    empty = RunReport(inferences=[], first=0, last=0, tensor_bytes=0)
    monkeypatch.setattr(agent.part, "run", lambda _: empty)
    agent.knobs = Mock()
    loops = Mock(return_value=(0, 1_000_000))
    monkeypatch.setattr(agent.machine, "loop", loops)
    found = agent.run(SimpleNamespace(board_ns=None, knobs=knobs, is_request=is_request))
    assert loops.call_count == (2 if is_felt else 0)
    assert any(one.loop_ns for one in found.samples) == is_felt

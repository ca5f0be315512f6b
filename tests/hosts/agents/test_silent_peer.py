"""A peer that is stopped, so that not even its system closes a connection, is noticed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import msgspec
import pytest

from dynasplit.testbed.credentials import make_credentials
from hosts.agents.streaming import TailStream
from hosts.core.errors import LinkError
from hosts.wire.messages import Conditions, ConditionsOrder, Started, StartOrder
from hosts.wire.rpc import call, channel

ROOT = Path(__file__).resolve().parents[3]
NOTICED_S = 15.0


@pytest.fixture
def cloud(tmp_path):
    """A real cloud agent in a process of its own, and the pems of its edge."""
    peers = make_credentials("edge", "cloud")
    pems = [
        (p.key_pem, p.certificate_pem, p.authority_pem) for p in (peers["edge"], peers["cloud"])
    ]
    order = StartOrder(
        role="cloud",
        knobs=(),
        key_pem=pems[1][0],
        certificate_pem=pems[1][1],
        authority_pem=pems[1][2],
    )
    agent = subprocess.Popen(
        [sys.executable, "-m", "hosts.agents.agent"],
        cwd=ROOT,
        env={**os.environ, "DYNASPLIT_STATE": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert agent.stdin is not None
    assert agent.stdout is not None
    agent.stdin.write(msgspec.json.encode(order) + b"\n")
    agent.stdin.flush()
    yield agent, msgspec.json.decode(agent.stdout.readline(), type=Started), pems[0]
    agent.send_signal(signal.SIGCONT)
    agent.communicate(timeout=20)


@pytest.mark.medium
@pytest.mark.fault(
    group="link",
    fault="a peer that falls silent: stopped, link cut",
    seen="noticed within 15 s, then tried again",
)
def test_a_stopped_agent_is_noticed_by_who_calls_it_and_by_who_streams_to_it(cloud):
    agent, started, pems = cloud
    control = channel(f"127.0.0.1:{started.control_port}", "cloud", *pems)
    stream = TailStream(channel(f"127.0.0.1:{started.tensor_port}", "cloud", *pems))
    call(control, "Conditions", ConditionsOrder(), Conditions, 10.0)
    stream.send(b"")
    with pytest.raises(Exception, match="truncated"):
        stream.receive()
    agent.send_signal(signal.SIGSTOP)

    def called() -> float:
        since_s = time.monotonic()
        with pytest.raises(grpc.RpcError):
            call(control, "Conditions", ConditionsOrder(), Conditions, 600.0)
        return time.monotonic() - since_s

    def streamed() -> float:
        since_s = time.monotonic()
        stream.send(b"")
        with pytest.raises(LinkError):
            stream.receive()
        return time.monotonic() - since_s

    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(called), pool.submit(streamed)]
        assert max(wait.result() for wait in waits) < NOTICED_S
    stream.close()
    control.close()

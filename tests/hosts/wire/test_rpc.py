"""gRPC between controller and agents: mutual TLS, refusals with their reason, versions."""

import contextlib
import errno
import os
import socket

import grpc
import pytest

from dynasplit.testbed.credentials import make_credentials
from hosts.agents.agent import wait_for_end
from hosts.core.errors import HostError, KnobError, LinkError, WireError
from hosts.wire.messages import (
    MESSAGE_LIMIT_BYTES,
    PROTOCOL,
    ConnectOrder,
    Idled,
    IdleOrder,
    KnobsOrder,
    Message,
    Refused,
)
from hosts.wire.refusals import PeerError
from hosts.wire.rpc import call, channel, serve, server_credentials, start_server


def idle(order: IdleOrder) -> Message:
    return Idled(start_ns=1, end_ns=1 + round(order.duration_s * 1e9))


def refuse(_order: KnobsOrder) -> Message:
    raise KnobError("cpu_mhz=7 asked; this host offers: 600")


def fail(order: ConnectOrder) -> Message:
    raise FAULTS[order.port]


FAULTS = (
    PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/sys/x"),
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/var/y"),
    FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/sys/gone"),
    OSError(errno.EBUSY, os.strerror(errno.EBUSY)),
    MemoryError(),
    LinkError("the stream broke"),
    PeerError(Refused(kind="ModelError", message="no such tail"), "the cloud: "),
    LookupError("first\nsecond"),
)
TOLD = (
    ("PermissionError", "PermissionError: [Errno 13] Permission denied: '/sys/x'", False),
    ("OSError", "OSError: [Errno 28] No space left on device: '/var/y'", False),
    (
        "FileNotFoundError",
        "FileNotFoundError: [Errno 2] No such file or directory: '/sys/gone'",
        False,
    ),
    ("OSError", "OSError: [Errno 16] Device or resource busy", True),
    ("MemoryError", "MemoryError", False),
    ("LinkError", "the stream broke", True),
    ("ModelError", "the cloud: no such tail", False),
    ("LookupError", "LookupError: first second", False),
)


@pytest.fixture
def run():
    """One run's credentials, and an agent of that run that listens."""
    peers = make_credentials("edge", "cloud")
    edge = peers["edge"]
    credentials = server_credentials(edge.key_pem, edge.certificate_pem, edge.authority_pem)
    methods = {"Idle": (IdleOrder, idle), "Knobs": (KnobsOrder, refuse)}
    handler = serve({**methods, "Connect": (ConnectOrder, fail)})
    server, port = start_server("127.0.0.1", handler, credentials)
    yield peers, port
    server.stop(0)


@contextlib.contextmanager
def reach(port, credentials, peer="edge"):
    opened = channel(
        f"127.0.0.1:{port}",
        peer,
        credentials.key_pem,
        credentials.certificate_pem,
        credentials.authority_pem,
    )
    yield opened
    opened.close()


def ask(opened) -> Idled:
    return call(opened, "Idle", IdleOrder(run="baseline", duration_s=2.0), Idled, 5.0)


def test_a_peer_of_the_run_is_served(run):
    peers, port = run
    with reach(port, peers["cloud"]) as opened:
        assert ask(opened).end_ns == 2_000_000_001


def test_a_peer_of_another_run_is_not(run):
    _, port = run
    stranger = make_credentials("edge", "cloud")["cloud"]
    with reach(port, stranger) as opened, pytest.raises(grpc.RpcError) as error:
        ask(opened)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_peer_without_a_certificate_is_not(run):
    peers, port = run
    authority = peers["edge"].authority_pem.encode()
    named = (("grpc.ssl_target_name_override", "edge"),)
    opened = grpc.secure_channel(
        f"127.0.0.1:{port}", grpc.ssl_channel_credentials(authority), named
    )
    with pytest.raises(grpc.RpcError) as error:
        ask(opened)
    opened.close()
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_an_agent_under_another_name_is_not_taken_for_the_one_asked(run):
    peers, port = run
    with reach(port, peers["cloud"], peer="cloud") as opened, pytest.raises(grpc.RpcError) as error:
        ask(opened)
    assert "Hostname Verification Check failed" in error.value.details()


def test_a_refusal_carries_its_kind_and_reason(run):
    peers, port = run
    with reach(port, peers["cloud"]) as opened, pytest.raises(PeerError) as error:
        call(opened, "Knobs", KnobsOrder(knobs={"cpu_mhz": 7}), Message, 5.0)
    assert error.value.kind == "KnobError"
    assert "this host offers: 600" in str(error.value)


@pytest.mark.parametrize(("number", "told"), enumerate(TOLD), ids=[t[0] for t in TOLD])
@pytest.mark.fault(
    group="agents",
    fault="any error in an agent: permission, full disk, file gone, no memory",
    seen=(
        "its class and words, `PermissionError: [Errno 13] Permission denied: '/sys/x'`; "
        "EBUSY and the like are tried again"
    ),
    kept="all finished measurements; the traceback is in the run's `logs/`",
)
def test_any_error_arrives_with_its_class_its_words_and_whether_it_passes(run, number, told):
    peers, port = run
    with reach(port, peers["cloud"]) as opened, pytest.raises(PeerError) as error:
        call(opened, "Connect", ConnectOrder(address="a", port=number), Message, 5.0)
    assert (error.value.kind, str(error.value), error.value.transient) == told


def test_another_protocol_version_is_refused_and_the_agent_goes_on(run):
    peers, port = run
    with reach(port, peers["cloud"]) as opened:
        order = IdleOrder(protocol=99, run="baseline", duration_s=1.0)
        with pytest.raises(PeerError, match=f"version 99 found, {PROTOCOL} is spoken here"):
            call(opened, "Idle", order, Idled, 5.0)
        assert ask(opened).start_ns == 1


def test_an_order_over_the_limit_is_refused_and_the_agent_goes_on(run):
    peers, port = run
    with reach(port, peers["cloud"]) as opened:
        order = IdleOrder(run="x" * MESSAGE_LIMIT_BYTES, duration_s=1.0)
        with pytest.raises(WireError, match=r"64\.0 MB asked to be sent; allowed: 64 MB"):
            call(opened, "Idle", order, Idled, 5.0)
        assert ask(opened).start_ns == 1


def test_credentials_of_two_runs_share_nothing():
    one, two = make_credentials("edge")["edge"], make_credentials("edge")["edge"]
    assert one.authority_pem != two.authority_pem
    assert one.key_pem != two.key_pem


@pytest.mark.parametrize(("heartbeats", "why"), [(0, "no heartbeat"), (2, "channel closed")])
def test_an_agent_ends_when_its_channel_closes_or_stays_silent(monkeypatch, heartbeats, why):
    reading, writing = os.pipe()

    class Input:
        def fileno(self) -> int:
            return reading

    monkeypatch.setattr("sys.stdin", Input())
    os.write(writing, b"\n" * heartbeats)
    if heartbeats:
        os.close(writing)
    assert why in wait_for_end(silence_s=0.05)
    os.close(reading)
    if not heartbeats:
        os.close(writing)


def test_an_error_that_nobody_thought_of_arrives_in_a_line_and_its_traceback_stays_there(
    run, capfd
):
    peers, port = run
    with reach(port, peers["cloud"]) as opened, pytest.raises(PeerError) as caught:
        call(opened, "Connect", ConnectOrder(address="a", port=-1), Message, 5.0)
    assert (caught.value.kind, str(caught.value)) == (
        "LookupError",
        "LookupError: first second",
    )
    assert "\n| LookupError: first\n" in capfd.readouterr().err


def test_a_port_that_is_asked_for_is_taken_or_refused():
    edge = make_credentials("edge")["edge"]
    pems = server_credentials(edge.key_pem, edge.certificate_pem, edge.authority_pem)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    server, port = start_server("127.0.0.1", serve({}), pems, free)
    assert port == free
    with pytest.raises(HostError, match=f"cannot listen on port {free} of 127.0.0.1, .*=null"):
        start_server("127.0.0.1", serve({}), pems, free)
    server.stop(0).wait(2)

"""Hosts are made ready side by side, the first failure is told at once, and they can be left."""

import threading
from pathlib import Path

import pytest

from dynasplit.core.errors import ConnectionLost, HostBusy
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.lab import Host, open_hosts
from hosts.models.prepared.manifest import Manifest

PATIENCE_S = 10
NETWORK = Manifest("none", "random", "int8", "fidelity", 2, 1, 0, (), {})


@pytest.fixture
def host(tmp_path) -> Host:
    return Host("edge", HostAddress(), make_credentials("edge")["edge"], tmp_path)


def test_meters_start_while_the_network_is_loaded(host, monkeypatch):
    both = threading.Barrier(2, timeout=PATIENCE_S)
    monkeypatch.setattr(host, "start_agent", lambda: None)
    monkeypatch.setattr(host, "start_meters", both.wait)
    monkeypatch.setattr(host, "load", lambda *_: both.wait())
    host.make_ready(b"", {})


def test_a_host_that_fails_is_told_at_once_and_the_other_one_is_left(tmp_path, monkeypatch):
    closed = threading.Event()

    def make_ready(host: Host, *_: object) -> None:
        if host.role == "edge":
            raise HostBusy("edge host: host busy")
        assert closed.wait(PATIENCE_S), "the edge's failure was not told before"

    monkeypatch.setattr(Host, "make_ready", make_ready)
    monkeypatch.setattr(Host, "close", lambda host: closed.set() if host.role == "cloud" else None)
    with (
        pytest.raises(HostBusy, match="host busy"),
        open_hosts(HostAddress(), HostAddress(), NETWORK, b"", Path(tmp_path)),
    ):
        pass
    assert closed.is_set()


def test_what_is_opened_after_a_host_was_left_is_closed(host):
    closed = []
    host._keep(lambda: closed.append("before"))
    host.close()
    with pytest.raises(ConnectionLost, match="was left while it was made ready"):
        host._keep(lambda: closed.append("after"))
    assert closed == ["before", "after"]

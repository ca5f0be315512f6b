"""A host that another controller uses is refused right after the login, before it is touched."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dynasplit.core.errors import HostBusy
from dynasplit.preflight import quick
from dynasplit.preflight.quick import quick_part
from dynasplit.provision.provisioning import provision
from dynasplit.testbed import in_use, lab
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.in_use import check_free, who_asks
from dynasplit.testbed.lab import Host
from dynasplit.testbed.loopback import loopback_hosts
from hosts.machine.lease import held

pytestmark = pytest.mark.medium

BAR_S = 2.0
"""From the start of contact; `python -m tests.bench.refusal` prints it for an idle machine."""
LOADED = 3
"""So many times as long may it take on a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[HostAddress, HostAddress]]:
    with loopback_hosts(HostAddress(), HostAddress(), profile="quick") as hosts:
        yield hosts


def lease_of(address: HostAddress, host: str, role: str) -> Path:
    """The lease's file of a role on one of the emulated hosts."""
    return Path(address.key_file).parent / host / "state" / f"{role}.lease"


@contextlib.contextmanager
def busy(began_s: float, told: str) -> Iterator[None]:
    with pytest.raises(HostBusy, match=told):
        yield
    assert time.monotonic() - began_s < BAR_S * LOADED


@pytest.mark.fault(
    group="hosts",
    fault="a second controller on a host",
    seen="refused within 2 s of the first contact, exit code 1: "
    "`host busy: ... uses this host as ...`, with who holds it since when",
    kept="the first one's settings; nothing is pushed, and no meter read",
)
@pytest.mark.parametrize("role", ["edge", "cloud"])
def test_a_host_in_use_is_refused_at_the_first_contact(both, role, monkeypatch, tmp_path):
    pushed = []
    for module in (quick, lab):
        monkeypatch.setattr(module, "push_programs", lambda host: pushed.append(host.address))
    address = both[role == "cloud"]
    told = rf"^{role} host .*: host busy: ann@desk uses this host as {role} since 20.*{os.getpid()}"
    with held(lease_of(address, role, role), "ann@desk"):
        with busy(time.monotonic(), told):
            quick_part(*both)
        host = Host(role, address, make_credentials(role)[role], tmp_path)
        with contextlib.closing(host), busy(time.monotonic(), told):
            host.start_agent()
    assert address not in pushed


def test_nobody_installs_on_a_host_that_measures(both):
    edge = replace(both[0], python="~/none/bin/python")
    with held(lease_of(edge, "edge", "edge"), "ann@desk"), busy(time.monotonic(), "ann@desk"):
        provision("edge", edge, print)


def test_one_busy_host_is_told_whatever_the_other_one_does(both):
    """The edge's address leads nowhere, which takes long to find out."""
    edge, cloud = both
    silent = replace(edge, address="192.0.2.1", meters=(MeterSpec("board"),))
    with held(lease_of(cloud, "cloud", "cloud"), "ann@desk"), busy(time.monotonic(), "ann@desk"):
        quick_part(silent, cloud)


def test_a_host_in_the_other_role_is_another_controller_s_too_but_not_one_s_own(both):
    with contextlib.closing(HostConnection(both[0])) as host:
        with held(lease_of(both[0], "edge", "cloud"), who_asks()):
            check_free(host, "edge")
        told = r"^edge host .*: host busy: ann@desk uses this host as cloud"
        with held(lease_of(both[0], "edge", "cloud"), "ann@desk"), busy(time.monotonic(), told):
            check_free(host, "edge")


def test_a_lease_without_a_holder_or_without_words(both):
    lease = lease_of(both[0], "edge", "edge")
    with contextlib.closing(HostConnection(both[0])) as host:
        with held(lease, "ann@desk"):
            lease.write_bytes(b"")
            with pytest.raises(HostBusy, match="another agent uses this host as edge"):
                check_free(host, "edge")
        lease.write_text('{"controller": "ann@desk", "agent": 1, "since": "2026"}')
        check_free(host, "edge")  # who wrote that was killed


def test_a_host_without_flock_leaves_it_to_the_agent(both, monkeypatch):
    monkeypatch.setattr(in_use, "_LOOK", "flock() {{ return 127; }}\n" + in_use._LOOK)
    lease = lease_of(both[0], "edge", "edge")
    with contextlib.closing(HostConnection(both[0])) as host, held(lease, "ann@desk"):
        check_free(host, "edge")

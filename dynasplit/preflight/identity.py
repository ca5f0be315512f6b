"""Two roles on one host: by one name, or by two."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import BOTH, Finding, error, ok, warning
from dynasplit.testbed.address import HostAddress
from hosts.wire.preflight import FirstLook


def is_one_machine(edge: FirstLook, cloud: FirstLook) -> bool:
    """True if both logins reached the same running kernel, on the same network of it."""
    return not edge.board and not cloud.board and bool(edge.kernel) and edge.kernel == cloud.kernel


def check(
    addresses: tuple[HostAddress, HostAddress], edge: FirstLook, cloud: FirstLook
) -> Iterator[Finding]:
    """Refuse one host in both roles, unless each role keeps to CPUs of its own."""
    if not is_one_machine(edge, cloud):
        boards = "two emulated boards" if edge.board and cloud.board else ""
        yield ok(BOTH, "identity", boards or f"two hosts: {edge.node} and {cloud.node}")
        return
    first, second = addresses
    names = f"{first} and {second} are two names for it"
    found = f"edge and cloud are one host, {edge.node}"
    if str(first) != str(second):
        found += f"; {names}"
    if first.cpus and second.cpus and not set(first.cpus) & set(second.cpus):
        yield warning(
            BOTH,
            "identity",
            f"{found}; each role has CPUs of its own",
            "take figures as those of one machine, and meter it once",
        )
    else:
        yield error(
            BOTH,
            "identity",
            found,
            "give the address of the other host; for one machine in both roles say hosts=local",
        )

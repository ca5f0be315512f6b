"""What agent and meter programs themselves cost a host while nothing is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import msgspec

from dynasplit.preflight.findings import Finding, ok, warning
from dynasplit.preflight.two_hosts import ROLES, TwoHosts
from hosts.wire.preflight import Cost, CostOrder

_WATCHED_S = 2.0
_MOST_PCT = 3.0


def check(hosts: TwoHosts, steps_w: Mapping[str, float]) -> Iterator[Finding]:
    """CPU share of each host, and its power as that share of the step of a full load.

    Args:
        hosts: real ones; the programs of emulated ones cost this machine, and no board.
        steps_w: what a load on all CPUs adds, by host, where that was seen.
    """
    if hosts.is_emulated:
        return
    before = {role: _cost(hosts, role) for role in ROLES}
    time.sleep(_WATCHED_S)
    for role in ROLES:
        was, now = before[role], _cost(hosts, role)
        whole_s = now.cpus * (now.now_ns - was.now_ns) / 1e9
        agent = (now.agent_s - was.agent_s) / whole_s
        meters = (now.meters_s - was.meters_s) / whole_s
        found = f"agent {100 * agent:.2f} %, meter programs {100 * meters:.2f} % of {now.cpus} CPUs"
        if role in steps_w:
            found += f", about {1000 * (agent + meters) * steps_w[role]:.0f} mW"
        if 100 * (agent + meters) > _MOST_PCT:
            yield warning(role, "own cost", found, "read its meters more seldom (period_s)")
        else:
            yield ok(role, "own cost", found)


def _cost(hosts: TwoHosts, role: str) -> Cost:
    meters = tuple(
        (spec.name, msgspec.json.encode(spec.options).decode())
        for spec in hosts.of(role).address.meters
        if spec.runs_on is None
    )
    return hosts.ask(role, "Cost", CostOrder(meters=meters), Cost)

"""What the two hosts state about themselves."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.core.measurement import FAULT_FLAG, Source
from dynasplit.testbed.lab import Host

Facts = dict[str, str | int | float | bool | None]


def facts_of(hosts: Sequence[Host]) -> dict[str, Facts]:
    """Facts about each host and its meters, by its role."""
    return {h.role: {**h.agent.started.facts, "meter": h.meters.identity} for h in hosts}


def source_of(hosts: Sequence[Host]) -> Source:
    """Emulated if the board of any host is."""
    is_emulated = any(host.agent.started.facts.get("emulated") for host in hosts)
    return "emulated" if is_emulated else "measured"


def faults_of_hosts(hosts: Sequence[Host]) -> tuple[str, ...]:
    """The faults that emulated hosts were given, as each measurement's flags."""
    told = (str(host.agent.started.facts.get("faults") or "") for host in hosts)
    names = [one.split()[0] for words in told for one in words.split("; ") if one]
    return tuple(dict.fromkeys(f"{FAULT_FLAG}{name}" for name in names))


def restored_words(hosts: Sequence[Host]) -> list[str]:
    """Which hosts an earlier run had left changed."""
    return [
        f"{host.role} host: an earlier run had left knobs changed; they were put back first"
        for host in hosts
        if host.agent.started.restored
    ]

"""What the two hosts state about themselves."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.core.provenance import FAULT_FLAG, Source, rest_flag
from dynasplit.testbed.lab import Host

Facts = dict[str, str | int | float | bool | None]


def facts_of(hosts: Sequence[Host]) -> dict[str, Facts]:
    """Facts about each host and its meters, by its role."""
    return {
        h.role: {
            **h.agent.started.facts,
            "meter": h.meters.identity,
            **({"estimated": True} if _is_estimated(h) else {}),
        }
        for h in hosts
    }


def source_of(hosts: Sequence[Host]) -> Source:
    """Emulated if the board of any host is; estimated if a meter is that counts."""
    if any(host.agent.started.facts.get("emulated") for host in hosts):
        return "emulated"
    return "estimated" if any(map(_is_estimated, hosts)) else "measured"


def _is_estimated(host: Host) -> bool:
    """True if a meter that counts computes its powers."""
    return any(host.meters.headers[name].estimated for name in host.meters.counted)


def faults_of_hosts(hosts: Sequence[Host]) -> tuple[str, ...]:
    """What is to be said of emulated hosts, as each measurement's flags: faults, assumed watts."""
    told = (str(host.agent.started.facts.get("faults") or "") for host in hosts)
    names = [one.split()[0] for words in told for one in words.split("; ") if one]
    rests_w = (host.agent.started.facts.get("cloud_rest_w") for host in hosts)
    assumed = (rest_flag(float(rest_w)) for rest_w in rests_w if rest_w is not None)
    return tuple(dict.fromkeys([*(f"{FAULT_FLAG}{name}" for name in names), *assumed]))


def restored_words(hosts: Sequence[Host]) -> list[str]:
    """Which hosts an earlier run had left changed."""
    return [
        f"{host.role} host: an earlier run had left knobs changed; they were put back first"
        for host in hosts
        if host.agent.started.restored
    ]

"""The second part of a preflight: knobs, runtimes, link and meters of two hosts, made to work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynasplit.preflight import cost, felt_knobs, inference, link, meter_verdicts, stimulus
from dynasplit.preflight.findings import BOTH, Finding, told_in
from dynasplit.preflight.two_hosts import ROLES, TwoHosts


@dataclass(frozen=True)
class LoadedNetwork:
    """The small network that both hosts have loaded.

    Attributes:
        references: each image's class by the unsplit network.
    """

    name: str
    last_split_point: int
    references: Sequence[int]


def under_load(
    hosts: TwoHosts, network: LoadedNetwork, *, one_machine: bool = False
) -> list[Finding]:
    """All checks; one that fails is told, and the others go on.

    Args:
        hosts: made ready and connected.
        network: loaded on both.
        one_machine: both hosts are one.
    """
    findings: list[Finding] = []
    with told_in(findings, BOTH, "inference"):
        findings += inference.check(
            hosts, network.name, network.last_split_point, network.references
        )
    with told_in(findings, "edge", "link"):
        findings += link.check(hosts)
    for role in ROLES:
        with told_in(findings, role, "knobs"):
            findings += felt_knobs.check(hosts, role)
    steps_w: dict[str, float] = {}
    with told_in(findings, BOTH, "meters"):
        observed = stimulus.observe(hosts, findings)
        findings += meter_verdicts.verdicts(observed, one_machine=one_machine)
        for seen in observed:
            own = seen.steps.get(seen.host)
            if own is not None and own.is_certain:
                steps_w.setdefault(seen.host, own.step_w)
    with told_in(findings, BOTH, "own cost"):
        findings += cost.check(hosts, steps_w)
    return findings

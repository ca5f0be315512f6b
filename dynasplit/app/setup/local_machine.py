"""hosts=local: the configuration filled in with what this machine has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.search_space import Offer
from dynasplit.config.schema import Config, HostConf
from hosts.discover import Here, look_around

WINDOW_S = 1.0
"""How long a window goes on for its latency's confidence, unless measure.max_window_s says it:
other programs run on this machine too, and make a latency vary more than on hosts of their own."""


@cache
def here() -> Here:
    """What this machine has, looked up once."""
    return look_around()


def settled(config: Config) -> Config:
    """The configuration with what hosts=local leaves open filled in; any other one as it is.

    Filled in are the machine's name, each host's CPUs, the knobs and the meter that there are:
    so the run's identity depends on them.
    """
    if config.hosts.kind != "local":
        return config
    found, hosts = here(), config.hosts
    halves = divided(found.cpus)
    edge = _filled(hosts.edge, found, halves[0])
    cloud = _filled(hosts.cloud, found, halves[1])
    if edge.meter == "auto":
        edge = replace(edge, meter=found.meter or "none")
    measure = config.measure
    if measure.max_window_s is None:
        measure = replace(measure, max_window_s=max(WINDOW_S, measure.min_window_s))
    hosts = replace(hosts, profile=None, edge=edge, cloud=cloud)
    return replace(config, hosts=hosts, measure=measure)


def divided(cpus: Sequence[int]) -> tuple[list[int], list[int]]:
    """The edge's CPUs and the cloud's: halves, the odd one to the cloud; one CPU is shared."""
    if len(cpus) < 2:
        return list(cpus), list(cpus)
    half = len(cpus) // 2
    return list(cpus[:half]), list(cpus[half:])


def offer_here(config: Config) -> Offer:
    """The knobs of this machine that the (settled) configuration uses."""
    edge, cloud, knobs = config.hosts.edge.knobs, config.hosts.cloud.knobs, here().knobs
    return Offer(
        f"what {here().node} has:",
        [int(v) for v in knobs.get("cpu_mhz", ())] if "cpu_mhz" in edge else (),
        [str(v) for v in knobs.get("edge_accelerator", ())] if "edge_accelerator" in edge else (),
        [bool(v) for v in knobs.get("cloud_gpu", ())] if "cloud_gpu" in cloud else (),
    )


def tell(config: Config, terminal: Terminal) -> None:
    """Say what the hosts are, and what this machine lacks."""
    if config.hosts.kind != "local":
        return
    edge, cloud = config.hosts.edge, config.hosts.cloud
    terminal.say(
        f"Both hosts are this machine, {here().node}: the edge computes on CPU {_listed(edge)}, "
        f"the cloud on CPU {_listed(cloud)}{', shared' if edge.cpus == cloud.cpus else ''}"
    )
    for name, why in here().absent.items():
        if name != "meter":
            terminal.say(f"  {name} is left out of the space: {why}")
    if edge.meter == "none":
        why = here().absent.get("meter", "none was asked for")
        terminal.say(
            f"  energy is not measured: {why}\n"
            "  So latency and accuracy (or fidelity) decide, and policies that choose by energy "
            "are left out"
        )


def _filled(host: HostConf, found: Here, cpus: list[int]) -> HostConf:
    """A host with its address, its CPUs, and the knobs that the machine has."""
    return replace(
        host,
        address=found.node,
        cpus=cpus if host.cpus is None else host.cpus,
        knobs=[name for name in host.knobs if name in found.knobs],
    )


def _listed(host: HostConf) -> str:
    return ", ".join(map(str, host.cpus or ())) or "any"

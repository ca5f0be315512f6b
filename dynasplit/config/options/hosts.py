"""The options of `hosts`: the kind of hosts, and each host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from omegaconf import MISSING

from dynasplit.config.paths import existing_file, path
from dynasplit.config.rules import (
    Rule,
    above,
    at_least,
    listed,
    name_in_folder,
    option,
    seed,
    tcp_port,
)
from hosts.core.errors import BoardError
from hosts.emulation.asked_faults import completed
from hosts.models import runtimes

NO_METER = "none"
RUNS_ON = "runs_on"
LOGIN = ("address", "port", "user", "key_file", "known_hosts", "python")
"""The options by which a machine is logged in to."""

_KNOWN_HOSTS = "a file that exists, with the host's key (ssh-keyscan writes it; then compare)"


def _runtimes() -> list[str]:
    return [runtimes.AUTO, *runtimes.names()]


@dataclass
class HostConf:
    """One host and the way to it.

    Attributes:
        address: name, number or alias that SSH connects to; `user@host:port` may be said too.
        port: of its SSH server; None: as ssh's configuration says (so the next three).
        user: login name. key_file: the client key.
        known_hosts: file with the host's key. Unknown keys are refused.
        python: the interpreter that runs the host's programs.
        runtime: the library that computes its part of the network: on the edge litert, in the cloud
            tensorflow or jax; `auto`: the first that is installed there, JAX first on GPUs.
        tf32: cloud only: whether its GPU may round the factors of float32 products to 10 bits,
            which is faster; `false` where exactness is judged.
        link_address: cloud only: address of the tensor port, as the edge reaches it; None: the
            one that SSH connects to.
        link_port: cloud only: the tensor port, for firewalls; None: any that is free.
        meters: the programs that read its power, each with its options:
            `[{meter: gpm8213, resource: ...}, {meter: rapl}]`. `runs_on` beside a meter's options
            names another machine for its program: `controller`, `edge`, `cloud`, an address, or
            `{address: ..., python: ...}` with the options of a host's login.
        meter: short for one meter; `none`: no meter (hosts=local: `auto`, RAPL if this user may
            read it). meter_options: passed to it.
        knobs: names of the programs that set its hardware.
        cpus: the CPUs that its agent keeps to; None: all (hosts=local: half of them).
    """

    address: str | None = None
    port: int | None = option(None, tcp_port())
    user: str | None = None
    key_file: str | None = option(None, existing_file())
    known_hosts: str | None = option(None, existing_file(_KNOWN_HOSTS))
    python: str = "python3"
    runtime: str = option("auto", listed(_runtimes))
    tf32: bool = True
    link_address: str | None = None
    link_port: int | None = option(None, tcp_port())
    meters: list[dict[str, Any]] = field(default_factory=list)
    meter: str = NO_METER
    meter_options: dict[str, Any] = field(default_factory=dict)
    knobs: list[str] = field(default_factory=list)
    cpus: list[int] | None = None

    def named_meters(self) -> list[tuple[str, dict[str, Any]]]:
        """Each meter's name and options, however they were said."""
        if self.meters:
            about = ("meter", RUNS_ON)
            return [(str(m["meter"]), {k: m[k] for k in m if k not in about}) for m in self.meters]
        return [] if self.meter == NO_METER else [(self.meter, dict(self.meter_options))]

    def places(self) -> list[Any]:
        """Where each meter's program runs, as it was said; None: on this host."""
        return [m.get(RUNS_ON) for m in self.meters] or [None for _ in self.named_meters()]

    def conflicts(self) -> Iterator[str]:
        """Meters without a name, or said in both ways; machines that are none."""
        for place in self.places():
            if not _is_place(place):
                yield (
                    f"meters: {RUNS_ON}={place}; allowed: controller, edge, cloud, an address that "
                    f"SSH reaches, or {{address: ...}} with any of {', '.join(LOGIN[1:])}"
                )
        for entry in self.meters:
            if not isinstance(entry.get("meter"), str):
                yield f"meters={self.meters}; allowed: meter=NAME in each, beside its options"
        if self.meters and self.meter not in (NO_METER, "auto"):
            yield f"meter={self.meter}; allowed: {NO_METER}, since meters lists this host's meters"


def _is_place(place: Any) -> bool:
    if isinstance(place, Mapping):
        return isinstance(place.get("address"), str) and set(place) <= set(LOGIN)
    return place is None or (isinstance(place, str) and bool(place))


def _completed(faults: list[Any]) -> list[Any]:
    """Faults with all that they leave open; as they stand if they cannot be."""
    try:
        return list(completed(faults))
    except BoardError:
        return faults


@dataclass
class HostsConf:
    """The hosts that measure configurations.

    Attributes:
        kind: emulated, local, ssh, modelled or recorded.
        profile: name or path of the physical model; None: there is none for these hosts.
        speedup: paces emulated hosts at so many times real time; None: as fast as it goes.
        seed: of emulated noise, and of draws from recorded runs; None: the run's seed.
        edge: used with the kinds ssh and local. cloud: likewise.
        cloud_rest_w: assumed for the rest of the cloud's node, at all times, where the profile has
            the GPU's board alone; None: as the profile says.
        meter: short for the meter of both hosts, where they have no other: `estimate`.
        faults: that emulated hosts are given, by name or with parameters:
            `[frozen_meter, {fault: lagging_meter, host: edge, lag_s: 2}]`.
    """

    kind: str = option(MISSING, name_in_folder("dynasplit.app.setup.kinds"))
    profile: str | None = option(None, path())
    speedup: float | None = option(None, above(0))
    seed: int | None = option(None, seed())
    edge: HostConf = field(default_factory=HostConf)
    cloud: HostConf = field(default_factory=HostConf)
    cloud_rest_w: float | None = option(None, at_least(0))
    meter: str | None = None
    faults: list[Any] = option([], Rule(lambda: "", lambda _: True, settle=_completed))

    def with_meter(self) -> HostsConf:
        """With the meter of both hosts put into each."""
        if self.meter is None:
            return self
        both = (replace(host, meter=self.meter) for host in (self.edge, self.cloud))
        edge, cloud = both
        return replace(self, edge=edge, cloud=cloud)

    def conflicts(self) -> Iterator[str]:
        """One meter beside others; faults that there are not, or that these hosts cannot have."""
        if self.faults and self.kind != "emulated":
            yield f"faults={self.faults} with hosts={self.kind}; allowed: with hosts=emulated alone"
        for role, host in (("edge", self.edge), ("cloud", self.cloud)):
            able = [runtimes.AUTO, *runtimes.for_role(role)]
            if host.runtime not in able:
                yield f"{role}.runtime={host.runtime}; allowed there: {', '.join(able)}"
        if self.meter is not None:
            if self.kind not in ("local", "ssh"):
                yield f"meter={self.meter} with hosts={self.kind}; allowed: with real hosts alone"
            for role, host in (("edge", self.edge), ("cloud", self.cloud)):
                if host.meters or host.meter not in (NO_METER, "auto", self.meter):
                    yield (
                        f"meter={self.meter} beside hosts.{role}.meter={host.meter} or its meters; "
                        "allowed: one of the two"
                    )
        try:
            completed(self.faults)
        except BoardError as error:
            yield f"faults: {error}"

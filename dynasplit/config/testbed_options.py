"""Options of the testbed: hosts, knob values to search, the measured window, energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, make_dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import MISSING

from dynasplit.config.rules import (
    above,
    at_least,
    listed,
    module_of,
    one_of,
    option,
    share,
)
from hosts.knobs.base import describe, knobs


def _codecs() -> Sequence[str]:
    return [str(name) for name in describe("codec").allowed_of(None) or ()]


NO_METER = "none"


@dataclass
class HostConf:
    """One host and the way to it.

    Attributes:
        address: name or number that SSH connects to. port: of its SSH server.
        user: login name; None: the one who runs the controller.
        key_file: the client key; None: those that SSH finds.
        known_hosts: file with the host's key; None: the user's own. Unknown keys are refused.
        python: the interpreter that runs the host's programs.
        link_address: cloud only: address of the tensor port, as the edge reaches it.
        meters: the programs that read its power, each with its options:
            `[{meter: gpm8213, resource: ...}, {meter: rapl}]`.
        meter: short for one meter; `none`: no meter (hosts=local: `auto`, RAPL if this user may
            read it). meter_options: passed to it.
        knobs: names of the programs that set its hardware.
        cpus: the CPUs that its agent keeps to; None: all (hosts=local: half of them).
    """

    address: str | None = None
    port: int = 22
    user: str | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    python: str = "python3"
    link_address: str | None = None
    meters: list[dict[str, Any]] = field(default_factory=list)
    meter: str = NO_METER
    meter_options: dict[str, Any] = field(default_factory=dict)
    knobs: list[str] = field(default_factory=list)
    cpus: list[int] | None = None

    def named_meters(self) -> list[tuple[str, dict[str, Any]]]:
        """Each meter's name and options, however they were said."""
        if self.meters:
            return [(str(m["meter"]), {k: m[k] for k in m if k != "meter"}) for m in self.meters]
        return [] if self.meter == NO_METER else [(self.meter, dict(self.meter_options))]

    def conflicts(self) -> Iterator[str]:
        """Meters without a name, or said in both ways."""
        for entry in self.meters:
            if not isinstance(entry.get("meter"), str):
                yield f"meters={self.meters}; allowed: meter=NAME in each, beside its options"
        if self.meters and self.meter not in (NO_METER, "auto"):
            yield f"meter={self.meter}; allowed: {NO_METER}, since meters lists this host's meters"


@dataclass
class HostsConf:
    """The hosts that measure configurations.

    Attributes:
        kind: emulated, local, ssh, modelled or recorded.
        profile: name or path of the physical model; None: there is none for these hosts.
        speedup: paces emulated hosts at so many times real time; None: as fast as it goes.
        edge: used with the kinds ssh and local. cloud: likewise.
    """

    kind: str = option(MISSING, module_of("dynasplit.app.setup.kinds"))
    profile: str | None = None
    speedup: float | None = option(None, above(0))
    edge: HostConf = field(default_factory=HostConf)
    cloud: HostConf = field(default_factory=HostConf)


def _space_conf() -> type:
    """A field for each knob, with a list of its kind of values; None: all that there are."""
    kinds = {name: knob.kind for name, knob in knobs().items()}
    options = [(n, list[kind] | None, field(default=None)) for n, kind in kinds.items()]  # type: ignore[valid-type]
    made = make_dataclass("SpaceConf", options)
    made.__doc__ = "Knob values to search; None: all that the hosts offer, or the plain one."
    return made


if TYPE_CHECKING:

    @dataclass
    class SpaceConf:
        """Knob values to search: a field for each knob."""

else:
    SpaceConf = _space_conf()


@dataclass
class MeasureConf:
    """Options of a measurement: mode, window, retries.

    Attributes:
        mode: latency (one batch at a time) or throughput (edge, link and cloud at the same time).
        codec: how intermediate tensors are sent: none, lz4, zstd, float16, int8, or one of the
            last two with a compressor, as int8+zstd.
        batch_size: how many images head and tail take at once.
        min_inferences: least number in a window. max_inferences: most, for relative_ci.
        min_samples: least meter samples in a window. min_window_s: its least length.
        max_window_s: how long it goes on for relative_ci; None: however long (hosts=local: 1 s).
        warmup: inferences before the window.
        max_gap_periods: greatest gap between meter samples, in their periods.
        baseline_s: how long idle power is measured, in board time.
        relative_ci: go on until the latency's confidence interval is so narrow; None: don't.
        retries: how often a failed measurement is tried again. retry_wait_s: pause before.
    """

    mode: str = option("latency", one_of("latency", "throughput"))
    codec: str = option("none", listed(_codecs))
    batch_size: int = option(1, at_least(1))
    min_inferences: int = option(10, at_least(1))
    max_inferences: int = option(1000, at_least(1))
    min_samples: int = option(20, at_least(2))
    min_window_s: float = option(0.5, at_least(0))
    max_window_s: float | None = option(None, above(0))
    warmup: int = option(5, at_least(0))
    max_gap_periods: float = option(3.0, at_least(1))
    baseline_s: float = option(60.0, above(0))
    relative_ci: float | None = option(None, share(zero=False, one=False))
    retries: int = option(2, at_least(0))
    retry_wait_s: float = option(1.0, at_least(0))

    def conflicts(self) -> Iterator[str]:
        """Values that exclude each other."""
        if self.min_inferences > self.max_inferences:
            allowed = f"up to measure.max_inferences={self.max_inferences}"
            yield f"min_inferences={self.min_inferences}; allowed: {allowed}"


@dataclass
class EnergyConf:
    """Energy accounting. cloud: tail (only while tails run) or gross (all that it draws)."""

    cloud: str = option("tail", one_of("tail", "gross"))

"""A host's channels around a window, and which of them count as its energy.

What counts: the outermost domain that is metered, that is the wall, else the board, else the sum
of packages, their memory (`dram`, no part of the package on servers) and GPUs, else `psys`.
What lies further in draws a part of what is counted further out: it is recorded beside it, and
never added; so are `core` and `uncore`, which are parts of a package. `psys` holds the packages, so
it is never added to them; what else it holds is as the machine's maker wired it, so it counts only
where nothing does that is alike on all machines. Memory alone is no host's energy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace
from hosts.wire.readings import Channel

_OUTERMOST_FIRST = (("wall",), ("board",), ("package", "dram", "gpu"), ("psys",))
CAN_COUNT = frozenset(domain for domains in _OUTERMOST_FIRST for domain in domains)
"""Domains of which one without readings is missed."""

_ADDED = ("package", "dram", "gpu")
_NEVER_ALONE = ("dram",)
_SEE_GPUS = ("wall", "gpu")


def counted_channels(host: str, channels: Sequence[Channel]) -> tuple[str, ...]:
    """The names of the channels whose sum is the host's energy; none without channels.

    Args:
        host: names it in messages.
        channels: of all its meters.

    Raises:
        ConfigurationError: a channel is there twice, as a whole and in parts, the counted one is
            there in several parts that are not added, or none counts.
    """
    names = [channel.name for channel in channels]
    _check_once(host, channels)
    for domains in _OUTERMOST_FIRST:
        found = [channel for channel in channels if channel.domain in domains]
        counted = tuple(channel.name for channel in found)
        if len(counted) > 1 and domains != _ADDED:
            raise ConfigurationError(
                f"{host}: channels {', '.join(counted)} would all be its energy; allowed: one of "
                f"its {domains[0]}, since only those of packages, their memory and GPUs are added"
            )
        if any(channel.domain not in _NEVER_ALONE for channel in found):
            return counted
    if names:
        every = (d for domains in _OUTERMOST_FIRST for d in domains if d not in _NEVER_ALONE)
        raise ConfigurationError(
            f"{host}: none of its channels ({', '.join(names)}) counts as its energy; at least one "
            f"is needed of: {', '.join(every)}"
        )
    return ()


def check_sees_gpu(host: str, channels: Sequence[Channel]) -> None:
    """Refuse meters whose counted channels do not see a GPU that computes; none at all are allowed.

    The wall sees it, and its own channel does. A board's or platform's sensor is not known to: a
    card has cables of its own to the power supply.

    Args:
        host: names it in messages.
        channels: of all its meters.

    Raises:
        ConfigurationError: the host's energy would lack the GPU's.
    """
    counted = counted_channels(host, channels)
    domains = {channel.domain for channel in channels if channel.name in counted}
    if domains and not domains & set(_SEE_GPUS):
        raise ConfigurationError(
            f"{host}: its GPU computes (cloud_gpu=True), and none of the channels that count as "
            f"its energy ({', '.join(counted)}) sees it; allowed: one of {' or '.join(_SEE_GPUS)} "
            "that counts: add the meter nvml beside rapl, or one at the wall; or "
            "space.cloud_gpu=[false]; "
            "or no meter there, and no energy"
        )


def _check_once(host: str, channels: Sequence[Channel]) -> None:
    """Refuse what two channels would count."""
    names = [channel.name for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(
            f"{host}: its meters have more than one channel {', '.join(twice)}; allowed: one each, "
            "so that nothing is counted twice"
        )
    for whole in (channel.domain for channel in channels if not channel.part):
        parts = [c.name for c in channels if c.domain == whole and c.part]
        if parts:
            raise ConfigurationError(
                f"{host}: its meters have the channels {whole} and {', '.join(parts)}, which would "
                f"count {whole} twice; allowed: the whole or its parts"
            )


@dataclass(frozen=True)
class HostTraces:
    """The traces of a host's channels around one window, times counted from the window's start.

    Attributes:
        traces: a channel's name to its trace; one that does not count may be missing.
        counted: the names of the channels that count; empty: the host has no meter.
        length_s: the window's length.
    """

    traces: Mapping[str, Trace]
    counted: tuple[str, ...]
    length_s: float

    def energies_j(self, *, min_samples: int, max_gap_periods: float) -> dict[str, float]:
        """Each channel's energy over the window.

        A channel that does not count is left out where its readings do not suffice.

        Raises:
            WindowInvalid: those of a channel that counts do not.
        """

        def energy_j(trace: Trace) -> float:
            return trace.energy_j(
                0.0, self.length_s, min_samples=min_samples, max_gap_periods=max_gap_periods
            )

        return self._each(energy_j)

    def means_w(self) -> dict[str, float]:
        """Each channel's mean power over the window, absent and refused as `energies_j` says."""
        return self._each(lambda trace: trace.mean_w(0.0, self.length_s))

    def _each(self, figure: Callable[[Trace], float]) -> dict[str, float]:
        found = {}
        for name in self.counted:
            try:
                found[name] = figure(self.traces[name])
            except WindowInvalid as error:
                raise WindowInvalid(f"channel {name}: {error}") from error
        for name, trace in self.traces.items():
            if name not in found:
                with suppress(WindowInvalid):
                    found[name] = figure(trace)
        return found

    def total(self, values: Mapping[str, float]) -> float | None:
        """The sum over the channels that count; None: there is none."""
        return sum(values[name] for name in self.counted) if self.counted else None

    @property
    def samples(self) -> int | None:
        """Readings within the window, of the counted channel that has the fewest."""
        inside = [self.traces[n].within(0.0, self.length_s).times_s.size for n in self.counted]
        return min(inside, default=None)

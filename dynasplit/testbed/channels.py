"""A host's channels around a window, and which of them count as its energy.

What counts: the outermost domain that is metered, that is the wall, else the board, else packages
and GPUs together. What lies further in draws a part of what is counted further out: it is recorded
beside it, and never added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace
from hosts.wire.readings import Channel

_OUTERMOST_FIRST = (("wall",), ("board",), ("package", "gpu"))
_ADDED = ("package", "gpu")


def counted_channels(host: str, channels: Sequence[Channel]) -> tuple[str, ...]:
    """The names of the channels whose sum is the host's energy; none without channels.

    Args:
        host: names it in messages.
        channels: of all its meters.

    Raises:
        ConfigurationError: a channel is there twice, the counted one is there in several parts
            that are not added, or none counts.
    """
    names = [channel.name for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(
            f"{host}: its meters have more than one channel {', '.join(twice)}; allowed: one each, "
            "so that nothing is counted twice"
        )
    for domains in _OUTERMOST_FIRST:
        counted = tuple(channel.name for channel in channels if channel.domain in domains)
        if len(counted) > 1 and domains != _ADDED:
            raise ConfigurationError(
                f"{host}: channels {', '.join(counted)} would all be its energy; allowed: one of "
                f"its {domains[0]}, since only those of packages and GPUs are added"
            )
        if counted:
            return counted
    if names:
        every = ", ".join(domain for domains in _OUTERMOST_FIRST for domain in domains)
        raise ConfigurationError(
            f"{host}: none of its channels ({', '.join(names)}) counts as its energy; at least one "
            f"is needed of: {every}"
        )
    return ()


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
        found = {name: figure(self.traces[name]) for name in self.counted}
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

"""Tails of one network as they were measured on a GPU, at some of its split points."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hosts.core.errors import BoardError
from hosts.emulation.hardware import Strict
from hosts.emulation.timings import Split

Call = tuple[float, float]
"""Time in ms and energy in J of one call, whatever number of images it takes."""


class Tails(Strict, frozen=True, omit_defaults=True):
    """Calls of a network's tails, made back to back.

    Between measured split points, and between measured batches, time and energy are linear;
    beyond the largest batch they go on as between the last two.

    Attributes:
        last_split_point: of the network; no tail is left there.
        calls: by split point, with one image; at least 0 and one more.
        batches: of the whole network (split point 0), by the number of images.
    """

    last_split_point: int
    calls: dict[int, Call]
    batches: dict[int, Call] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.calls) < 2 or 0 not in self.calls or max(self.calls) >= self.last_split_point:
            raise ValueError(
                f"tails at split points {sorted(self.calls)} of 0..{self.last_split_point}; "
                "allowed: 0, others, and none at the last one"
            )
        every = (*self.calls.values(), *self.batches.values())
        if min(map(min, every)) <= 0 or min(self.batches, default=2) < 2:
            raise ValueError("calls take times and energies above 0, and batches 2 images or more")

    @property
    def interpolated(self) -> tuple[int, ...]:
        """The split points whose tails were not measured."""
        return tuple(k for k in range(self.last_split_point) if k not in self.calls)

    def call(self, split_point: int) -> Call:
        """One image's call at any split point but the last; after the last known one, as there."""
        return _between(self.calls, split_point)

    def factors(self, batch_size: int) -> Call:
        """How many times as long as with one image a call takes, and as much energy.

        Measured for the whole network, and taken alike for all its tails.

        Raises:
            BoardError: no batches were measured.
        """
        if batch_size == 1:
            return 1.0, 1.0
        if not self.batches:
            raise BoardError(f"batches of {batch_size} asked of tails measured with 1 image alone")
        ms, joules = _between({1: self.calls[0], **self.batches}, batch_size, goes_on=True)
        return ms / self.calls[0][0], joules / self.calls[0][1]

    def of(self, row: Split) -> Split:
        """A split point's row with its tail as measured, and none on the CPU."""
        if row.split_point == self.last_split_point:
            return row
        ms, joules = self.call(row.split_point)
        return msgspec.structs.replace(
            row, cloud_gpu_ms=ms, cloud_cpu_ms=None, cloud_gpu_w=1000 * joules / ms
        )


def _between(known: Mapping[int, Call], at: int, *, goes_on: bool = False) -> Call:
    """Linear between the neighbours; outside, the nearest one, or on by the last two's line."""
    if at in known:
        return known[at]
    below = [k for k in sorted(known) if k < at]
    above = [k for k in sorted(known) if k > at]
    if not above and not goes_on:
        return known[below[-1]]
    low, high = (below[-1], above[0]) if above else below[-2:]
    share = (at - low) / (high - low)
    (low_ms, low_j), (high_ms, high_j) = known[low], known[high]
    return low_ms + share * (high_ms - low_ms), low_j + share * (high_j - low_j)

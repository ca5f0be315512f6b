"""Every configuration, in the order of the space or in a seeded one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from dynasplit.offline.blocks import place
from dynasplit.offline.search.base import Algorithm, Progress, Suggestion


@dataclass(frozen=True)
class Grid(Algorithm):
    """The exhaustive search.

    Attributes:
        order: `space`: neighbours differ in one knob, which spares reconfigurations; `blocks`: all
            are one block, in an order drawn from the seed, so that a drift of the testbed does not
            fall on one kind of configuration.
    """

    order: str = field(default="space", repr=False)

    name: ClassVar[str] = "grid"
    seeds_corners: ClassVar[bool] = False

    def suggest(self, progress: Progress) -> Suggestion:
        """The first configuration that is not measured yet."""
        if self.order == "space":
            return Suggestion(progress.unmeasured[0])
        return Suggestion(min(progress.unmeasured, key=lambda c: place(progress.seed, 0, c)))

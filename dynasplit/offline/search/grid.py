"""Every configuration, in the order of the space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.offline.search.base import Algorithm, Progress, Suggestion


@dataclass(frozen=True)
class Grid(Algorithm):
    """The exhaustive search; neighbours differ in one knob, which spares reconfigurations."""

    name: ClassVar[str] = "grid"
    seeds_corners: ClassVar[bool] = False

    def suggest(self, progress: Progress) -> Suggestion:
        """The first configuration that is not measured yet."""
        return Suggestion(progress.unmeasured[0])

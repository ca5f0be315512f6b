"""Random search, the baseline of search algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.offline.search.base import Algorithm, Progress, Suggestion


@dataclass(frozen=True)
class Random(Algorithm):
    """Draws uniformly from the valid configurations that are not measured yet."""

    name: ClassVar[str] = "random"
    seeds_corners: ClassVar[bool] = False

    def suggest(self, progress: Progress) -> Suggestion:
        """One of what is left, each as likely."""
        left = progress.unmeasured
        return Suggestion(left[progress.random("draw").integers(len(left))])

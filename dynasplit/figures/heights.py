"""The vertical axis of a front's figure: energy, else quality, else the split point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dynasplit.core.measurement import Summary
from dynasplit.figures.series import Floats, Kind, kind_of
from dynasplit.front.dominance import non_dominated
from dynasplit.front.pareto_front import ParetoFront

Height = Literal["energy", "quality", "split point"]


@dataclass(frozen=True)
class View:
    """A front, and where its members are drawn.

    Attributes:
        front: the front. height: what its figure draws upwards.
    """

    front: ParetoFront
    height: Height

    @classmethod
    def of(cls, front: ParetoFront, measured: Sequence[Summary]) -> View:
        """Energy where it was measured; quality where that differs; else the split point."""
        if front.has_energy:
            return cls(front, "energy")
        every = (*measured, *front.summaries)
        differs = front.quality is not None and len({s.quality for s in every}) > 1
        return cls(front, "quality" if differs else "split point")

    @property
    def is_joined(self) -> bool:
        """True if a line joins the front's members; the split point is no objective."""
        return self.height != "split point"

    def y(self, summary: Summary) -> float:
        """The vertical position of a summary; NaN if it lacks the value."""
        if self.height == "split point":
            return summary.configuration.split_point
        found = summary.energy_j if self.height == "energy" else summary.quality
        return float("nan") if found is None else found

    def points(self, summaries: Sequence[Summary]) -> Floats:
        """The positions of summaries (n, 2)."""
        return np.array([[s.latency_ms, self.y(s)] for s in summaries]).reshape(-1, 2)

    def stairs(self) -> Floats:
        """The corners (k, 2) of the staircase of what is best by both axes alone."""
        points = self.points(self.front.summaries)
        upwards = -1.0 if self.height == "quality" else 1.0
        best = points[non_dominated(points * (1.0, upwards))]
        best = best[np.argsort(best[:, 0])]
        treads = np.column_stack([best[1:, 0], best[:-1, 1]])
        corners = np.empty((2 * len(best) - 1, 2))
        corners[::2], corners[1::2] = best, treads
        return corners

    def kind(self, summary: Summary) -> Kind:
        """The kind of split: cloud-only, split or edge-only."""
        return kind_of(summary.configuration.split_point, self.front.last_split_point)

"""Pareto dominance and hypervolume of points in objective space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dynasplit.core.measurement import Measurement, Summary

Points = npt.NDArray[np.float64]
QualityName = Literal["accuracy", "fidelity"]
REFERENCE = 1.1


def quality_of(summaries: Sequence[Summary | Measurement]) -> QualityName | None:
    """The quality that every summary has: accuracy, else fidelity, else None."""
    if summaries and all(s.accuracy is not None for s in summaries):
        return "accuracy"
    if summaries and all(s.fidelity is not None for s in summaries):
        return "fidelity"
    return None


def objectives(summaries: Sequence[Summary | Measurement]) -> Points:
    """Points to be minimised (n, d): latency in ms, energy in J, quality negated.

    An objective that some summary lacks is left out, so d is 1 to 3.
    """
    columns = [[s.latency_ms for s in summaries]]
    if all(s.energy_j is not None for s in summaries):
        columns.append([s.energy_j for s in summaries if s.energy_j is not None])
    name = quality_of(summaries)
    if name is not None:
        columns.append([-getattr(s, name) for s in summaries])
    return np.array(columns, dtype=np.float64).T.reshape(len(summaries), len(columns))


def non_dominated(points: Points) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the non-dominated among points (n, d); equal points are all kept.

    Raises:
        ValueError: a point is not finite.
    """
    import moocore

    if not np.isfinite(points).all():
        raise ValueError("objectives must be finite")
    if points.shape[1] == 1:
        return np.asarray(points[:, 0] == points[:, 0].min())
    return np.asarray(moocore.is_nondominated(points, keep_weakly=True))


@dataclass(frozen=True)
class HypervolumeScale:
    """Hypervolume in the scale of a reference front.

    Each objective is scaled so that the reference front spans 0..1; the reference point is 1.1
    in each; the result is divided by the reference front's own. Objectives in which the
    reference front does not differ are left out.

    Attributes:
        best: the reference front's least of each objective (d,). worst: its greatest (d,).
        whole: the reference front's own hypervolume, before division.
    """

    best: Points
    worst: Points
    whole: float

    @classmethod
    def of(cls, points: Points) -> HypervolumeScale:
        """The scale of the front of these points (n, d), to be minimised.

        Raises:
            ValueError: there is no point.
        """
        if not len(points):
            raise ValueError("a scale needs at least one point")
        front = points[non_dominated(points)]
        scale = cls(front.min(axis=0), front.max(axis=0), 1.0)
        return cls(scale.best, scale.worst, scale._volume(front))

    @property
    def varying(self) -> npt.NDArray[np.bool_]:
        """Mask (d,) of the objectives that differ within the reference front."""
        return np.asarray(self.worst > self.best)

    def scaled(self, points: Points) -> Points:
        """Points (n, d) in the scale of the reference front, varying objectives only."""
        kept = self.varying
        return np.asarray(
            (points[:, kept] - self.best[kept]) / (self.worst[kept] - self.best[kept])
        )

    def share(self, points: Points) -> float:
        """The hypervolume of points (n, d), as a share of the reference front's own."""
        return self._volume(points) / self.whole if len(points) else 0.0

    def _volume(self, points: Points) -> float:
        import moocore

        scaled = self.scaled(points)
        if not scaled.shape[1]:  # the reference front is one point: reached, or not
            return float((points <= self.best).all(axis=1).any())
        inside = scaled[(scaled < REFERENCE).all(axis=1)]
        if not len(inside):
            return 0.0
        return float(moocore.hypervolume(inside, ref=np.full(scaled.shape[1], REFERENCE)))

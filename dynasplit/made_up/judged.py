"""How good a search's choice is, by the truth: against what the best choice of as many reaches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dynasplit.front.dominance import HypervolumeScale, Points, non_dominated

Floats = npt.NDArray[np.float64]


def course(points: Points, chosen: Sequence[int], upto: int) -> Floats:
    """The share of the true front's hypervolume after each measurement (upto,).

    Args:
        points: true objectives of all configurations, to be minimised (c, d).
        chosen: positions of those measured, in their order; a repeat is one too.
        upto: how many measurements; a search that stopped before keeps what it has.
    """
    scale = HypervolumeScale.of(points)
    found, best = [], 0.0
    seen: list[int] = []
    for at in chosen[:upto]:
        if at not in seen:
            seen.append(at)
            best = scale.share(points[seen])
        found.append(best)
    return np.pad(found, (0, upto - len(found)), mode="edge") if found else np.zeros(upto)


def best_course(points: Points, upto: int) -> Floats:
    """What the best n configurations reach, for n from 1 on (upto,), chosen one after the other.

    Choosing greedily reaches at least 63 % of the best set's hypervolume, and in practice nearly
    all of it (Guerreiro, Fonseca, Paquete: Greedy hypervolume subset selection, 2016).
    """
    scale = HypervolumeScale.of(points)
    front = points[non_dominated(points)]
    left, taken = list(range(len(front))), list[int]()
    found: list[float] = []
    for _ in range(min(upto, len(front))):
        gains = [scale.share(front[[*taken, one]]) for one in left]
        best = int(np.argmax(gains))
        taken.append(left.pop(best))
        found.append(gains[best])
    return np.pad(found, (0, upto - len(found)), mode="edge")

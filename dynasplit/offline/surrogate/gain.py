"""The expected gain in hypervolume, in closed form.

What is not dominated is cut into boxes; for independent objectives the expected part of each box
that a point wins is a product of one-dimensional expectations (Emmerich, Yang, Deutz: Infill
criteria for multiobjective Bayesian optimization, 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Below = Callable[[Floats], Floats]
"""E[(bound - Y)+] of each candidate's objective Y, for bounds (b,): an array (c, b)."""


def normal_below(mean: Floats, sd: Floats) -> Below:
    """For normally distributed objectives of c candidates, mean (c,) and sd (c,)."""
    from scipy.special import ndtr

    def below(bounds: Floats) -> Floats:
        spread = np.maximum(sd, 1e-12)[:, None]
        z = (bounds - mean[:, None]) / spread
        density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        return np.asarray(spread * (z * ndtr(z) + density))

    return below


def lognormal_below(mean: Floats, sd: Floats) -> Below:
    """For lognormal ones; mean (c,) and sd (c,) of the logarithm."""
    from scipy.special import ndtr

    def below(bounds: Floats) -> Floats:
        spread = np.maximum(sd, 1e-12)[:, None]
        positive = np.maximum(bounds, 1e-300)
        z = (np.log(positive) - mean[:, None]) / spread
        middle = np.exp(np.minimum(mean[:, None] + spread**2 / 2, 700))
        found = positive * ndtr(z) - middle * ndtr(z - spread)
        return np.asarray(np.where(bounds > 0, np.maximum(found, 0), 0.0))

    return below


def expected_gain(front: Floats, reference: Floats, below: Sequence[Below]) -> Floats:
    """The hypervolume that each candidate is expected to add (c,).

    Args:
        front: non-dominated points to be minimised (n, d), d from 1 to 3, in the objectives'
            own units.
        reference: the reference point (d,).
        below: of each objective (d).
    """
    inside = front[(front < reference).all(axis=1)]
    if len(below) == 1:
        return below[0](_bounds(inside[:, 0].min(initial=reference[0])))[:, 0]
    if len(below) == 2:
        return _strips(inside, reference, below[0], below[1])
    levels = np.unique(inside[:, 2])
    upper = np.append(levels, reference[2])
    won = np.diff(below[2](upper), axis=1, prepend=0.0)
    total = np.zeros(len(won))
    for slab in range(len(upper)):
        known = inside[inside[:, 2] < upper[slab]] if slab else inside[:0]
        total += won[:, slab] * _strips(known[:, :2], reference[:2], below[0], below[1])
    return total


def _bounds(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def _strips(points: Floats, reference: Floats, first: Below, second: Below) -> Floats:
    """The expected area that candidates win beyond points (n, 2) below the reference point (2,)."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    stairs: list[tuple[float, float]] = []
    for x, y in points[order].tolist():
        if not stairs or y < stairs[-1][1]:
            stairs.append((x, y))
    edges = np.array([x for x, _ in stairs] + [reference[0]])
    heights = np.array([reference[1]] + [y for _, y in stairs])
    along = first(edges)
    widths = np.diff(along, axis=1, prepend=0.0)
    return np.asarray((widths * second(heights)).sum(axis=1))

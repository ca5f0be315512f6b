"""Distributions propagated: the 95 % interval of a sum of rectangular, U-shaped and normal parts.

The model of an energy is linear in its parts, and they are symmetric, so that the interval is the
smallest one around the energy that holds 95 % of the sum. It is found on fixed draws (GUM,
Supplement 1): the points of Roberts' additive recurrence, which fill the cube more evenly than
random ones, so that nothing is drawn at random and the same parts give the same interval.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
DRAWS = 8191
_AT_ONCE = 128


def half_widths(rectangles: Floats, swings: Floats, normals: Floats) -> Floats:
    """Half the 95 % interval of each sum (n,).

    Args:
        rectangles: half-widths of rectangular parts (n, k).
        swings: half-widths of U-shaped parts (n, m), distributed as a sine at any phase is.
        normals: standard deviation of the sum's normal part (n,).
    """
    uniform, swinging, normal = _draws(rectangles.shape[1], swings.shape[1])
    place = round(LEVEL * (DRAWS - 1))
    found = np.empty(len(rectangles))
    for low in range(0, len(rectangles), _AT_ONCE):
        some = slice(low, low + _AT_ONCE)
        sums = rectangles[some] @ uniform + swings[some] @ swinging
        sums += normals[some, None] * normal
        found[some] = np.partition(np.abs(sums), place, axis=1)[:, place]
    return found


def half_width(rectangles: list[float], normal: float) -> float:
    """Half the 95 % interval of one sum of rectangular parts and a normal one."""
    return float(half_widths(np.array([rectangles]), np.zeros((1, 0)), np.array([normal]))[0])


@cache
def _draws(rectangles: int, swings: int) -> tuple[Floats, Floats, Floats]:
    """Points of rectangular parts (k, DRAWS), U-shaped ones (m, DRAWS), and a standard normal."""
    from scipy.special import ndtri

    dimensions, root = rectangles + swings + 1, 2.0
    for _ in range(60):  # of x^(d + 1) = x + 1, by which the recurrence advances
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    points = (0.5 + np.outer(steps, np.arange(1, DRAWS + 1))) % 1
    uniform, swinging = 2 * points[:rectangles] - 1, np.cos(np.pi * points[rectangles:-1])
    return uniform, swinging, cast("Floats", ndtri(points[-1]))

"""Intervals of sums, against what is known of them in closed form."""

import math

import numpy as np
import pytest

from dynasplit.uncertainty.propagation import half_widths


def half(rectangles=(0.0,), swings=(0.0,), normal=0.0) -> float:
    return float(half_widths(np.array([rectangles]), np.array([swings]), np.array([normal]))[0])


@pytest.mark.parametrize(
    ("found", "exact"),
    [
        (half(rectangles=(2.0,)), 1.9),
        (half(normal=3.0), 3 * 1.959964),
        (half(swings=(1.0,)), math.sin(0.95 * math.pi / 2)),
        (half(rectangles=(1.0, 1.0)), 2 * (1 - math.sqrt(0.05))),  # a triangle
    ],
)
def test_a_part_alone_has_the_interval_of_its_shape(found, exact):
    assert found == pytest.approx(exact, rel=0.005)


def test_many_parts_hold_95_percent_of_random_draws():
    random = np.random.default_rng(1)
    rectangles, swings, normal = (1.0, 0.4, 0.7, 0.2), (0.5, 0.3), 0.6
    sums = random.uniform(-1, 1, (60_000, 4)) @ rectangles
    sums += np.cos(np.pi * random.uniform(0, 1, (60_000, 2))) @ swings
    sums += normal * random.standard_normal(60_000)
    assert np.mean(np.abs(sums) <= half(rectangles, swings, normal)) == pytest.approx(
        0.95, abs=0.005
    )


def test_no_part_no_width():
    assert half() == 0.0


def test_an_interval_does_not_depend_on_what_is_computed_beside_it():
    rectangles = np.random.default_rng(2).uniform(0, 1, (130, 3))
    together = half_widths(rectangles, np.zeros((130, 1)), np.zeros(130))
    assert together[129] == pytest.approx(half(tuple(rectangles[129])), rel=1e-12)

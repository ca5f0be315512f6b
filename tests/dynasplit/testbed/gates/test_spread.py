"""Spreads of windows: right, and with a look at each value that does not grow with their number."""

import statistics
from collections.abc import Iterator

import pytest

from dynasplit.testbed.gates._spread import half_ci, pooled_sd, thirds


class Counted(list[float]):
    """Values that know how often they were gone through."""

    passes = 0

    def __iter__(self) -> Iterator[float]:
        self.passes += 1
        return super().__iter__()


def test_a_pooled_spread_is_around_each_part_s_own_mean():
    parts = [[1.0, 3.0], [11.0, 13.0], [21.0, 23.0]]
    assert pooled_sd(parts) == pytest.approx(statistics.stdev([1.0, 3.0]))
    assert pooled_sd([[1.0], [5.0]]) == 0.0


def test_windows_of_many_inferences_are_gone_through_a_few_times():
    values = Counted(float(i % 7) for i in range(30_000))
    pooled_sd([values, values])
    assert values.passes <= 4


def test_a_mean_is_as_sure_as_its_blocks_say():
    values = [10.0, 10.2] * 200
    assert half_ci(values) == pytest.approx(0.0, abs=1e-9)
    assert half_ci(values[:6]) is None
    assert [len(part) for part in thirds(values)] == [133, 134, 133]

"""How far a search has come, by what it has measured so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.space import Configuration
from dynasplit.front.dominance import HypervolumeScale, Points, non_dominated, objectives


class SearchProgress:
    """The size of the front so far, and its share of the grid's hypervolume where that is known."""

    def __init__(self, testbed: TestbedInputs) -> None:
        """Nothing is computed before it is asked."""
        self._testbed = testbed

    def __call__(self, measured: Sequence[Measurement]) -> Mapping[str, float]:
        """`front_size` and `hypervolume`, as far as they are known."""
        try:
            points = objectives(summarise(measured))
        except DataError:  # some have energies and some not, in the midst of a run
            return {}
        found = {"front_size": float(np.count_nonzero(non_dominated(points)))}
        places, scaled = self._grid
        there = [places[c] for c in {m.configuration for m in measured} if c in places]
        if scaled is not None and there:
            scale, grid = scaled
            found["hypervolume"] = scale.share(grid[there])
        return found

    @cached_property
    def _grid(
        self,
    ) -> tuple[Mapping[Configuration, int], tuple[HypervolumeScale, Points] | None]:
        """Each configuration's place in the grid, and the grid with its scale; None: not known."""
        grid = self._testbed.grid()
        if not grid:
            return {}, None
        points = objectives(list(grid.values()))
        if np.count_nonzero(non_dominated(points)) < 2:
            return {}, None
        return {c: i for i, c in enumerate(grid)}, (HypervolumeScale.of(points), points)

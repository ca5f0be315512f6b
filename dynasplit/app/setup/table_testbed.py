"""The testbed that searches are compared on: one known figure for each configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from dynasplit.accounting import named
from dynasplit.accounting._view import viewed
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.front.dominance import HypervolumeScale, Points, objectives
from dynasplit.profile.fit import Fit, fit_profile
from dynasplit.tables import RunsTable
from dynasplit.testbed.modelled import ModelledTestbed


@dataclass
class TableTestbed:
    """A testbed that gives each configuration's known figures, the same ones every time.

    Attributes:
        space: the configurations that it knows.
        known: their figures.
        filled: how many of them a fitted profile predicted, because the table lacks them.
    """

    space: SearchSpace
    known: Mapping[Configuration, Measurement]
    filled: int

    @classmethod
    def of(cls, runs: RunsTable, space: SearchSpace, *, fill: bool) -> TableTestbed:
        """The table's medians; what the grid has beyond it is filled, or left out.

        Args:
            runs: the table.
            space: its configurations, as far as they are asked for.
            fill: a profile fitted to the table predicts what the grid of the space lacks.

        Raises:
            DataError: no profile can be fitted to the table.
        """
        known = {m.configuration: m for m in runs.medians()}
        filled = 0
        if fill:
            space = SearchSpace.build(space.split_points, space.last_split_point, space.knobs)
            lacking = [c for c in space.configurations if c not in known]
            fit = _fit(runs, needed=bool(lacking))
            if fit is not None:
                rule = named(runs.accounting)
                predicted = viewed((fit.predict(c) for c in lacking), rule)
                known |= {m.configuration: m for m in predicted}
                known = {c: _with_cost(known[c], fit) for c in space.configurations}
            filled = len(lacking)
        return cls(space, {c: known[c] for c in space.configurations}, filled)

    def points(self) -> Points:
        """Every configuration's objectives to be minimised (c, d), in the space's order."""
        return objectives(list(self.known.values()))

    def scale(self) -> HypervolumeScale:
        """The scale of the exhaustive grid's front."""
        return HypervolumeScale.of(self.points())

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """The figures of a configuration."""
        return dataclasses.replace(self.known[configuration], repeat=repeat)


def _fit(runs: RunsTable, needed: bool) -> Fit | None:
    """The profile of a table; None: it cannot be fitted, and nothing has to be filled."""
    try:
        return fit_profile(runs)
    except DataError as error:
        if needed:
            raise DataError(
                f"{error}; or leave out what was not run: benchmark.fill=none"
            ) from None
        return None


def _with_cost(measurement: Measurement, fit: Fit) -> Measurement:
    """With what a short window costs on the fitted testbed, where the table does not say it."""
    if measurement.testbed_time_s is not None:
        return measurement
    modelled = ModelledTestbed(fit.profile, fit.network).measure(measurement.configuration)
    return dataclasses.replace(measurement, testbed_time_s=modelled.testbed_time_s)

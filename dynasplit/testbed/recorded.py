"""The testbed of recorded runs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dynasplit.core.counter_rng import pick, request_bits
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import as_recorded, is_imagined
from dynasplit.core.space import Configuration
from dynasplit.tables import RunsTable


@dataclass
class RecordedTestbed:
    """Draws each measurement from the runs of a table.

    A repeat gets the configuration's runs in their recorded order, starting again where they
    end. A request gets one at random, by the seed and the request's number alone: policies that
    choose the same for a request are given the same run.

    Attributes:
        runs: the table.
        seed: of the draws.
        fallback: predicts a configuration that has no run; None: that is an error.
        filled: how often it was asked, by configuration.
    """

    runs: RunsTable
    seed: int = 0
    fallback: Callable[[Configuration], Measurement] | None = None
    filled: Counter[Configuration] = field(default_factory=Counter)

    @property
    def emulated(self) -> bool:
        """True if the recorded runs come from emulated or modelled hosts."""
        return is_imagined(self.runs.source)

    @cached_property
    def _positions(self) -> dict[Configuration, int]:
        return {c: i for i, c in enumerate(self.runs.configurations)}

    def recorded(self, configuration: Configuration) -> list[Measurement]:
        """Every run that a configuration may be given, in the recorded order.

        Raises:
            DataError: it has none, and there is no fallback.
        """
        position = self._positions.get(configuration)
        if position is not None:
            rows = self.runs.rows_of(position).tolist()
            found = [self.runs.measurement(row) for row in rows]
            return [dataclasses.replace(one, source=as_recorded(one.source)) for one in found]
        if self.fallback is None:
            raise DataError(
                f"{self.runs.path or 'the runs'}: no run of {configuration.words()}; it has "
                f"{len(self.runs.configurations)} configurations. Measure it, leave it out, or "
                "let the fitted profile fill it"
            )
        self.filled[configuration] += 1
        return [self.fallback(configuration)]

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """One recorded run of a configuration.

        Raises:
            DataError: it has none, and there is no fallback.
        """
        found = self.recorded(configuration)
        place = repeat % len(found)
        if request is not None:
            bits = request_bits(self.seed, np.array([request]))
            place = int(pick(bits, np.array([len(found)], dtype=np.uint64))[0])
        return dataclasses.replace(found[place], repeat=repeat)

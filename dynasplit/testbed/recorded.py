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
from dynasplit.testbed.single import single


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
        place = repeat % len(found) if request is None else self._picked(request, len(found))
        return dataclasses.replace(found[place], repeat=repeat)

    def infer(
        self, configuration: Configuration, *, request: int, stream: str = "", payload: int = 0
    ) -> Measurement:
        """One inference of a recorded run, both drawn by the request's number.

        Where the table keeps no latencies of single inferences, the run's stands for it.

        Raises:
            DataError: there is no run, and no fallback.
        """
        run = self.measure(configuration, request=request)
        if not run.inference_ms:
            return single(run, None)
        return single(run, run.inference_ms[self._picked(request, len(run.inference_ms), draw=1)])

    def _picked(self, request: int, count: int, draw: int = 0) -> int:
        bits = request_bits(self.seed, np.array([request]), draw)
        return int(pick(bits, np.array([count], dtype=np.uint64))[0])

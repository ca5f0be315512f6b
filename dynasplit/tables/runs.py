"""A table of runs: one row for each measured run of a configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement, Summary, summarise
from dynasplit.core.provenance import Source, as_recorded, faults_of, least_real, told_of
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.tables.columns import RUNS
from dynasplit.tables.families import family_names, family_values, gathered
from dynasplit.tables.reading import Array

_INTEGERS = {c.name for c in RUNS if c.dtype == "int"}
TEXTS = ("edge_runtime", "cloud_runtime", "cloud_device")
"""Columns of plain text, as they are."""

_WORDS = {"configuration", "source", "mode", "flags", "accounting", "right", "inference_ms", *TEXTS}
_KEPT = {f.name for f in fields(Measurement)} - _WORDS
FIGURES = tuple(c.name for c in RUNS if c.name in _KEPT)


@dataclass(frozen=True, eq=False)
class RunsTable:
    """Runs of one network on one testbed, in columns.

    Attributes:
        columns: name to array (n,) of the figures that the table has; NaN: absent.
        configurations: the distinct ones, in the order in which they first appear (c,).
        index: each row's position in `configurations` (n,).
        model: the network, or None where the table does not say it.
        last_split_point: the split point at which the whole network runs on the edge.
        sources: each row's source (n,).
        flags: each row's flags (n,).
        modes: each row's mode of measuring (n,); None: not known.
        rights: which images each row classified correctly (n,); None: not known.
        inferences: the latency in ms of each row's single inferences (n,); None: not kept.
        texts: name to values (n,) of the columns of plain text that the table has; None: not known.
        accounting: the label of the accounting by which all rows count energies.
        path: the file, or None for a table in memory.
        notes: what had to be assumed or repaired while reading, to be shown.
    """

    columns: Mapping[str, Array]
    configurations: tuple[Configuration, ...]
    index: npt.NDArray[np.intp]
    model: str | None
    last_split_point: int
    sources: Sequence[Source] = field(repr=False)
    flags: Sequence[tuple[str, ...]] = field(repr=False)
    modes: Sequence[str | None] | None = field(default=None, repr=False)
    rights: Sequence[str | None] | None = field(default=None, repr=False)
    inferences: Sequence[tuple[float, ...]] | None = field(default=None, repr=False)
    texts: Mapping[str, Sequence[str | None]] = field(default_factory=dict, repr=False)
    accounting: str = "occupied"
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, measurements: Iterable[Measurement], *, model: str | None, last_split_point: int
    ) -> RunsTable:
        """A table of measurements in memory.

        Raises:
            DataError: there is none, or they count energies by several accountings.
        """
        runs = list(measurements)
        if not runs:
            raise DataError("a table of runs needs at least one measurement; found none")
        accounting = one_accounting(m.accounting for m in runs)
        index, configurations = number_configurations([m.configuration for m in runs])
        columns = {}
        for name in (*FIGURES, *family_names(runs)):
            values = family_values(runs, name)
            if values.count(None) < len(values):
                columns[name] = np.array(values, dtype=np.float64)
        return cls(
            columns=columns,
            configurations=configurations,
            index=index,
            model=model,
            last_split_point=last_split_point,
            sources=[m.source for m in runs],
            flags=[m.flags for m in runs],
            modes=[m.mode for m in runs],
            rights=[m.right for m in runs],
            inferences=[m.inference_ms for m in runs],
            texts={name: [getattr(m, name) for m in runs] for name in TEXTS},
            accounting=accounting,
        )

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def space(self) -> SearchSpace:
        """The configurations that the table has; corners and baselines follow from it."""
        return SearchSpace.from_configurations(self.configurations, self.last_split_point)

    @property
    def source(self) -> Source:
        """The source of the figures: the least real one among the rows."""
        return least_real(set(self.sources))

    @property
    def faults(self) -> tuple[str, ...]:
        """The faults that emulated hosts were given, by name."""
        return faults_of(self.flags)

    @property
    def told(self) -> tuple[str, ...]:
        """What is to be said of its figures, a line each: faults, assumptions, mixed sources."""
        return told_of(self.flags, self.sources)

    @property
    def mode(self) -> str | None:
        """The mode of measuring; None where rows differ or lack it."""
        found = set(self.modes or ())
        return found.pop() if len(found) == 1 else None

    @cached_property
    def counts(self) -> npt.NDArray[np.intp]:
        """The number of runs of each configuration (c,)."""
        return np.bincount(self.index, minlength=len(self.configurations))

    @cached_property
    def measurements(self) -> list[Measurement]:
        """Every row as a record, in the file's order."""
        return [self.measurement(row) for row in range(len(self))]

    def measurement(self, row: int) -> Measurement:
        """One row as a record."""
        figures = {name: values[row] for name, values in self._natives.items()}
        return Measurement(
            configuration=self.configurations[self.index[row]],
            source=self.sources[row],
            flags=self.flags[row],
            mode=self.modes[row] if self.modes else None,
            right=self.rights[row] if self.rights else None,
            inference_ms=self.inferences[row] if self.inferences else (),
            accounting=self.accounting,
            **self._texts_of(row),
            **gathered(figures),
        )

    def _texts_of(self, row: int) -> dict[str, Any]:
        return {name: values[row] for name, values in self.texts.items()}

    @cached_property
    def _natives(self) -> dict[str, list[Any]]:
        """The columns as Python values; None: absent."""
        return {name: _natives(name, array) for name, array in self.columns.items()}

    def has(self, name: str) -> bool:
        """True if the table has a value of a column in every row."""
        return name in self.columns and not bool(np.isnan(self.columns[name]).any())

    def medians(self) -> list[Measurement]:
        """Each configuration as one recorded measurement: the median of every figure (c,)."""
        names = [name for name in self.columns if name not in _INTEGERS]
        values: dict[str, list[Any]] = {n: _natives(n, self.quantiles(n)) for n in names}
        return [
            Measurement(
                configuration=configuration,
                source=as_recorded(self.source),
                mode=self.mode,
                accounting=self.accounting,
                **gathered({name: figures[i] for name, figures in values.items()}),
            )
            for i, configuration in enumerate(self.configurations)
        ]

    def rows_of(self, configuration: int) -> npt.NDArray[np.intp]:
        """The rows of a configuration, by its position, in the file's order."""
        order, starts = self._groups
        return order[starts[configuration] : starts[configuration] + self.counts[configuration]]

    @cached_property
    def _groups(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Rows by configuration, and where each configuration's start."""
        starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        return np.argsort(self.index, kind="stable"), starts

    def quantiles(self, name: str, share: float = 0.5) -> npt.NDArray[np.float64]:
        """A quantile over each configuration's runs (c,), linear between neighbours; NaN: absent.

        The median with the default share. Equal to `numpy.quantile` of each group.
        """
        if name not in self.columns:
            return np.full(len(self.configurations), np.nan)
        values = self.columns[name][np.lexsort((self.columns[name], self.index))]
        there = ~np.isnan(self.columns[name])
        present = np.bincount(self.index[there], minlength=len(self.configurations))
        last = np.maximum(present - 1, 0)  # absent values are sorted behind those present
        place = share * last
        low = np.floor(place).astype(np.intp)
        first = self._groups[1] + low
        second = self._groups[1] + np.minimum(low + 1, last)
        return cast(
            "npt.NDArray[np.float64]",
            values[first] * (1 - (place - low)) + values[second] * (place - low),
        )

    def summary(self, configuration: int) -> Summary:
        """The repeats of one configuration, by its position, summarised."""
        return summarise(self.measurement(row) for row in self.rows_of(configuration).tolist())[0]

    @property
    def quality(self) -> Literal["accuracy", "fidelity"] | None:
        """The quality that every row has: accuracy, else fidelity, else None."""
        return "accuracy" if self.has("accuracy") else "fidelity" if self.has("fidelity") else None

    def objectives(self) -> npt.NDArray[np.float64]:
        """Each configuration's medians to be minimised (c, d): latency, energy, quality negated.

        What the table does not have is left out.
        """
        columns = [self.quantiles("latency_ms")]
        if self.has("energy_j"):
            columns.append(self.quantiles("energy_j"))
        if self.quality is not None:
            columns.append(-self.quantiles(self.quality))
        return np.stack(columns, axis=1)

    @cached_property
    def baselines(self) -> tuple[int | None, int | None]:
        """The positions of cloud-only and edge-only, each with every knob at its fastest."""
        position = {c: i for i, c in enumerate(self.configurations)}
        ends = [c for c in self.configurations if c.split_point in (0, self.last_split_point)]
        if not ends:
            return None, None
        space = SearchSpace.from_configurations(ends, self.last_split_point)
        first, last = space.cloud_only, space.edge_only
        return position[first] if first else None, position[last] if last else None

    def summaries(self) -> list[Summary]:
        """Every configuration's summary, in the order of `configurations`."""
        return [self.summary(i) for i in range(len(self.configurations))]


def one_accounting(labels: Iterable[str]) -> str:
    """The accounting that all have.

    Raises:
        DataError: there are several.
    """
    found = list(dict.fromkeys(labels))
    if len(found) > 1:
        raise DataError(
            f"runs whose energies are counted by several accountings: {', '.join(found)}; "
            "allowed: one, to which +experiment=account brings each table"
        )
    return found[0]


def number_configurations(
    configurations: Sequence[Configuration],
) -> tuple[npt.NDArray[np.intp], tuple[Configuration, ...]]:
    """Each one's position (n,) among the distinct ones, which keep their order."""
    known: dict[Configuration, int] = {}
    index = [known.setdefault(c, len(known)) for c in configurations]
    return np.array(index, dtype=np.intp), tuple(known)


def _natives(name: str, array: Array) -> list[float | int | None]:
    if not np.isnan(array).any():
        natives: list[float | int | None] = (
            array.astype(np.int64) if name in _INTEGERS else array
        ).tolist()
        return natives
    convert = int if name in _INTEGERS else float
    return [None if v != v else convert(v) for v in array.tolist()]

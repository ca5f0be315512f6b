"""Configurations as what a stage sees of them: split point, modes, and numbers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dynasplit.space import Knob, SearchSpace
from dynasplit.surrogate.process import Part

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Cells:
    """The distinct configurations of one stage, and which of them each configuration is.

    Attributes:
        split_points: of each cell (m,).
        modes: number of its knobs' words, by host: arrays (m,).
        kinds: the same, with all words but the idle one alike: arrays (m,).
        numbers: logarithm of its knobs with numbers, centred: arrays (m,).
        of: the cell of each configuration of the space (c,).
        last_split_point: the space's.
    """

    split_points: Indices
    modes: Sequence[Indices]
    kinds: Sequence[Indices]
    numbers: Sequence[Floats]
    of: Indices
    last_split_point: int

    @classmethod
    def build(cls, space: SearchSpace, hosts: Sequence[str], with_numbers: bool = True) -> Cells:
        """The cells of a space as a stage on these hosts sees them."""
        knobs = [k for k in space.knobs if k.host in hosts]
        words = {host: [k for k in knobs if not is_number(k) and k.host == host] for host in hosts}
        counted = [k for k in knobs if is_number(k)] if with_numbers else []
        rows: list[tuple[Hashable, ...]] = []
        for c in space.configurations:
            values = dict(c.knobs)
            chosen = [tuple(values[k.name] for k in words[host]) for host in hosts]
            rows.append((c.split_point, *chosen, *(float(values[k.name]) for k in counted)))
        numbered: dict[tuple[Hashable, ...], int] = {}
        of = np.array([numbered.setdefault(row, len(numbered)) for row in rows], dtype=np.intp)
        columns = list(zip(*numbered, strict=True))
        modes = [_codes(column) for column in columns[1 : 1 + len(hosts)]]
        kinds = [
            _kinds(column, words[host])
            for column, host in zip(columns[1 : 1 + len(hosts)], hosts, strict=True)
        ]
        numbers = [_centred_log(column) for column in columns[1 + len(hosts) :]]
        points = np.array(columns[0], dtype=np.intp)
        return cls(points, modes, kinds, numbers, of, space.last_split_point)

    @cached_property
    def one(self) -> Floats:
        """The same for all."""
        return np.ones((len(self.split_points),) * 2)

    @cached_property
    def near(self) -> Floats:
        """Fades with the distance between split points (a random walk pulled back)."""
        distance = np.abs(self.split_points[:, None] - self.split_points)
        return np.asarray(np.exp(-distance / max(1.0, self.last_split_point / 2)))

    @cached_property
    def same_point(self) -> Floats:
        """The same split point."""
        return np.equal.outer(self.split_points, self.split_points).astype(np.float64)

    def at(self, split_point: int) -> Floats:
        """Both at this split point, where a stage differs from all others."""
        here = (self.split_points == split_point).astype(np.float64)
        return np.outer(here, here)

    def same_mode(self, host: int) -> Floats:
        """The same words on a host."""
        return np.equal.outer(self.modes[host], self.modes[host]).astype(np.float64)

    def same_kind(self, host: int) -> Floats:
        """The same hardware at work on a host, in whichever mode."""
        return np.equal.outer(self.kinds[host], self.kinds[host]).astype(np.float64)

    def along(self, number: int) -> Floats:
        """Proportional to both numbers."""
        return np.outer(self.numbers[number], self.numbers[number])


def is_number(knob: Knob) -> bool:
    """Whether a knob's values are numbers above 0."""
    return all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in knob.values)


def stage_parts(cells: Cells, level: float, slope: float) -> list[Part]:
    """The covariance of a stage's logarithmic time, energy or power.

    A level that walks along the split points, for each mode by itself and in common; and for
    each knob with numbers an exponent that does the same, less far. The first and the last split
    point, where a stage has nothing to do, stand apart.

    Args:
        cells: the stage's.
        level: expected variance of the level.
        slope: expected variance of the exponents.
    """
    modes = [m for i in range(len(cells.modes)) for m in (cells.same_mode(i), cells.same_kind(i))]
    ends = cells.at(0) + cells.at(cells.last_split_point)
    parts = [Part(cells.one, 10 * level), Part(cells.near, level), Part(ends, level)]
    parts.append(Part(cells.same_point, level / 30))
    for same in _distinct(modes):
        parts += [
            Part(same, level),
            Part(same * cells.near, level / 3),
            Part(same * cells.same_point, level / 30),
        ]
    for i in range(len(cells.numbers)):
        along = cells.along(i)
        parts += [
            Part(along, slope),
            Part(along * cells.near, slope / 3),
            Part(along * ends, slope),
        ]
        for same in _distinct(modes):
            parts += [Part(along * same, slope), Part(along * same * cells.near, slope / 10)]
    return parts


def _distinct(grams: Sequence[Floats]) -> list[Floats]:
    """Those that tell cells apart, each once."""
    found: list[Floats] = []
    for gram in grams:
        if not gram.all() and not any(np.array_equal(gram, other) for other in found):
            found.append(gram)
    return found


def _kinds(column: Sequence[Hashable], knobs: Sequence[Knob]) -> Indices:
    rows = [
        tuple(k.idle is None or value != k.idle for k, value in zip(knobs, row, strict=True))
        for row in column
        if isinstance(row, tuple)
    ]
    return _codes(rows)


def _codes(column: Sequence[Hashable]) -> Indices:
    numbered: dict[Hashable, int] = {}
    return np.array([numbered.setdefault(v, len(numbered)) for v in column], dtype=np.intp)


def _centred_log(column: Sequence[Hashable]) -> Floats:
    logs = np.log(np.array(column, dtype=np.float64))
    return np.asarray(logs - np.median(np.unique(logs)))

"""Projects configurations onto the knobs that one stage depends on (a cell)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.core.space import Knob, SearchSpace
from dynasplit.offline.surrogate.process import Part

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Cells:
    """The distinct configurations of one stage, and which of them each configuration is.

    Attributes:
        split_points: of each cell (m,).
        groups: what may tell cells apart besides: numbers of their hardware at work (on or
            off), then of its mode, each (m,).
        numbers: logarithms of the knobs with numbers, centred: each (m,).
        of: the cell of each configuration of the space (c,).
        last_split_point: the space's.
    """

    split_points: Indices
    groups: Sequence[Indices]
    numbers: Sequence[Floats]
    of: Indices
    last_split_point: int

    @classmethod
    def build(cls, space: SearchSpace, hosts: Sequence[str], with_numbers: bool = True) -> Cells:
        """The cells of a space as a stage on these hosts (or the link) sees them."""
        knobs = [k for k in space.knobs if k.where in (*hosts, "software")]
        words = [k for k in knobs if not is_number(k)]
        counted = [k for k in knobs if is_number(k)] if with_numbers else []
        numbered: dict[tuple[Hashable, ...], int] = {}
        of = []
        for c in space.configurations:
            values = dict(c.knobs)
            row = (c.split_point, *(values[k.name] for k in (*words, *counted)))
            of.append(numbered.setdefault(row, len(numbered)))
        points, *columns = zip(*numbered, strict=True)
        return cls(
            np.array(points, dtype=np.intp),
            _groups(columns[: len(words)], words),
            [_centred_log(column) for column in columns[len(words) :]],
            np.array(of, dtype=np.intp),
            space.last_split_point,
        )

    @property
    def place(self) -> Floats:
        """The cells' positions along the split points (m,), in length scales."""
        return self.split_points / max(1.0, self.last_split_point / 2)

    @property
    def ends(self) -> Floats:
        """1 at the first and the last split point, where a stage has nothing to do (m,)."""
        return np.isin(self.split_points, (0, self.last_split_point)).astype(np.float64)


def is_number(knob: Knob) -> bool:
    """True if a knob's values are numbers above 0."""
    return all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in knob.values)


def crossed(*codes: Indices) -> Indices:
    """Numbers (m,) of the combinations of several numberings (m,)."""
    return np.unique(np.stack(codes), axis=1, return_inverse=True)[1].reshape(-1)


def stage_parts(cells: Cells, level: float, slope: float) -> list[Part]:
    """The covariance of a stage's logarithmic time or power.

    A level that walks along the split points, in common and for each mode by itself; and for
    each knob with numbers an exponent that does the same, less far.

    Args:
        cells: the stage's.
        level: expected variance of the level.
        slope: expected variance of the exponents.
    """
    one, points = np.ones(len(cells.split_points)), cells.split_points
    together = np.zeros(len(points), dtype=np.intp)
    parts = [
        Part(one, together, None, 10 * level),
        Part(one, together, cells.place, level),
        Part(cells.ends, points, None, level),
        Part(one, points, None, level / 30),
    ]
    for group in cells.groups:
        parts += [
            Part(one, group, None, level),
            Part(one, group, cells.place, level / 3),
            Part(one, crossed(group, points), None, level / 30),
        ]
    for number in cells.numbers:
        # a walk along the knob: what throttles, or has little cores, follows no power law
        along = number / max(1e-12, float(np.ptp(number)) / 2)
        parts += [
            Part(one, together, along, slope / 10),
            Part(number, together, None, slope),
            Part(number * cells.ends, points, None, slope),
            Part(number, together, cells.place, slope / 3),
        ]
        for group in cells.groups:
            parts.append(Part(number, group, None, slope))
            parts.append(Part(number, group, cells.place, slope / 10))
    return parts


def _groups(columns: Sequence[Sequence[Hashable]], knobs: Sequence[Knob]) -> list[Indices]:
    """Numberings that tell cells apart, each once: whether hardware is used, in what mode, all."""
    found: list[Indices] = []
    for column, knob in zip(columns, knobs, strict=True):
        if knob.idle is not None:
            found.append(_codes([value != knob.idle for value in column]))
        found.append(_codes(column))
    if len(columns) > 1:
        found.append(_codes(list(zip(*columns, strict=True))))
    distinct: list[Indices] = []
    for codes in found:
        if codes.any() and not any(np.array_equal(codes, other) for other in distinct):
            distinct.append(codes)
    return distinct


def _codes(column: Sequence[Hashable]) -> Indices:
    numbered: dict[Hashable, int] = {}
    return np.array([numbered.setdefault(v, len(numbered)) for v in column], dtype=np.intp)


def _centred_log(column: Sequence[Hashable]) -> Floats:
    logs = np.log(np.array(column, dtype=np.float64))
    return np.asarray(logs - np.median(np.unique(logs)))

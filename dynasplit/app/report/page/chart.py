"""Points on two logarithmic axes, placed for a drawing within a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dynasplit.core.provenance import significant

WIDTH, HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 14, 44
_MARGIN = 0.06
_STEPS = (1, 2, 5)
_MOST_TICKS = 9


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes:
        x: of what the horizontal axis shows. y: of the vertical one.
        kind: its class in the page. words: what it is, shown when it is pointed at.
    """

    x: float
    y: float
    kind: str
    words: str


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis between two places in the drawing.

    Attributes:
        low: value at its begin. high: at its end.
        start: place of its begin. end: of its end.
    """

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(cls, values: Iterable[float], start: float, end: float) -> Axis:
        """An axis that holds all values above 0, with a margin."""
        known = [v for v in values if v > 0] or [1.0]
        low, high = min(known), max(known)
        room = max(1.05, (high / low) ** _MARGIN)
        return cls(low / room, high * room, start, end)

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and numbers: 1, 2, 5 of each power of ten or fewer; even ones if narrow."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in (_STEPS, (1, 3), (1,)):
            numbers = [s * 10.0**p for p in powers for s in steps]
            inside = [n for n in numbers if self.low <= n <= self.high]
            if len(inside) <= _MOST_TICKS:
                break
        if len(inside) < 3:
            even = [self.low * (self.high / self.low) ** (i / 5) for i in range(1, 5)]
            inside = sorted({float(f"{n:.2g}") for n in even})
        return [(self.place(n), _plain(n)) for n in inside]


@dataclass(frozen=True)
class Chart:
    """A drawing.

    Attributes:
        points: in the order in which they are drawn.
        x: the horizontal axis. y: the vertical one.
        x_words: what they show. y_words: likewise.
    """

    points: Sequence[Point]
    x: Axis
    y: Axis
    x_words: str
    y_words: str
    width: int = WIDTH
    height: int = HEIGHT

    @classmethod
    def of(cls, points: Sequence[Point], x_words: str, y_words: str) -> Chart:
        """A drawing that holds all points whose values are above 0."""
        shown = [p for p in points if p.x > 0 and p.y > 0]
        x = Axis.of((p.x for p in shown), _LEFT, WIDTH - _RIGHT)
        y = Axis.of((p.y for p in shown), HEIGHT - _BOTTOM, _TOP)
        return cls(shown, x, y, x_words, y_words)

    @property
    def diagonal(self) -> tuple[float, float, float, float] | None:
        """Where both axes show the same value, as far as it is inside; None: nowhere."""
        low, high = max(self.x.low, self.y.low), min(self.x.high, self.y.high)
        if low >= high:
            return None
        return self.x.place(low), self.y.place(low), self.x.place(high), self.y.place(high)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else significant(value).rstrip("0").rstrip(".")

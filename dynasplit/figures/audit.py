"""The audit's figure: each doubtful value against the one expected from the other runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dynasplit.core.measurement import Source
from dynasplit.figures.style import ACCENT, FAINT, PAGE_IN, PLAIN, figure, head

_COLOURS = {"low": FAINT, "medium": PLAIN, "high": ACCENT}


class Found(Protocol):
    """The part of a finding that is drawn (see `dynasplit.audit.Finding`)."""

    @property
    def index(self) -> int:
        """The data row."""
        ...

    @property
    def check(self) -> str:
        """The name of the check."""
        ...

    @property
    def expected(self) -> float:
        """The expected value."""
        ...

    @property
    def found(self) -> float:
        """The row's value."""
        ...

    @property
    def severity(self) -> str:
        """Low, medium or high."""
        ...


def draw(
    path: Path, rows: int, source: Source, findings: Sequence[Found], remarks: str = ""
) -> Path:
    """One strip for each check: the row against its deviation in percent.

    Args:
        path: of the PNG.
        rows: how many rows were audited.
        source: of the runs.
        findings: what was found; may be empty.
        remarks: what else to know of the runs.
    """
    deviating = [f for f in findings if f.check != "single_run" and f.expected]
    checks = sorted({f.check for f in deviating}) or ["nothing doubtful"]
    with figure(path, PAGE_IN, 1.2 + 1.1 * len(checks)) as made:
        strips = made.subplots(len(checks), 1, sharex=True, squeeze=False)[:, 0]
        for strip, check in zip(strips, checks, strict=True):
            for severity, colour in _COLOURS.items():
                shown = [f for f in deviating if (f.check, f.severity) == (check, severity)]
                percent = [100 * (f.found / f.expected - 1) for f in shown]
                strip.plot(
                    [f.index for f in shown], percent, "o", ms=4, color=colour, label=severity
                )
            strip.axhline(0, color=PLAIN, lw=0.8)
            strip.set_ylabel(f"{check}\n(%)")
        strips[0].set_xlim(0, max(1, rows))
        strips[0].legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1), title=None)
        strips[-1].set_xlabel(f"data row of {rows}")
        head(made, "Found against expected, by check", source, remarks)
    return path

"""Draws the figures of a run anew from its tables, for the command line and for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dynasplit.app.report.run_tables import RunTables, read_tables
from dynasplit.core.errors import DataError, ResultsError
from dynasplit.figures.catalogue import FIGURES
from dynasplit.figures.output import written_as
from dynasplit.run.run_record import SUMMARY


def draw_figures(
    run: str | Path,
    into: str | Path,
    *,
    only: Sequence[str] | None = None,
    formats: Sequence[str] = ("pdf",),
    titles: bool = False,
) -> list[Path]:
    """Draw the figures that a run's tables allow.

    Args:
        run: the run's folder.
        into: where they are written; it is made where it is not there.
        only: names of figures (docs/reading-results.md lists them); None: all.
        formats: of the files: pdf, svg, png.
        titles: whether a title stands above each.

    Returns:
        The files.

    Raises:
        DataError: there is nothing to draw from, or no such figure, or its table is not there.
        ResultsError: a file cannot be written.
    """
    read, folder = read_tables(Path(run)), Path(into)
    check_asked(read, only or ())
    names = list(only or drawable(read))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{folder} cannot be made: {error.strerror}") from error
    with written_as(formats, titles=titles):
        empty = draw(read, folder, names)
    kept = [name for name in names if name not in empty]
    return [folder / f"{name}.{ending}" for name in kept for ending in formats]


def drawable(read: RunTables) -> list[str]:
    """The figures whose tables are there."""
    return [name for name in FIGURES if not read.lacking(name)]


def check_asked(read: RunTables, names: Sequence[str]) -> None:
    """Refuse figures that there are not, and such as lack a table.

    Raises:
        DataError: names the table, and what can be drawn.
    """
    can = ", ".join(drawable(read))
    for name in names:
        if name not in FIGURES:
            raise DataError(f"there is no figure {name!r}; allowed of {read.folder}: {can}")
        if lacking := read.lacking(name):
            raise DataError(
                f"figures.only: {name} ({FIGURES[name].words}) needs {lacking}, which "
                f"{read.folder} does not have{why(lacking)}; allowed of this run: {can}"
            )


def why(file: str) -> str:
    """What to say of a file that is there and lacks what is wanted of it."""
    return " with figures by accounting" if file == SUMMARY else ""


def draw(read: RunTables, folder: Path, names: Sequence[str]) -> list[str]:
    """Draw as `written_as` says; returns those of which the tables have nothing."""
    return [n for n in names if FIGURES[n].draw(folder / f"{n}.png", read.tables) is None]

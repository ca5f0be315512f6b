"""Draws the figures of a run anew from its tables, in formats that a paper takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.run_tables import RunTables, read_tables
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import folder_of_a_run, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import DataError
from dynasplit.figures.catalogue import FIGURES
from dynasplit.figures.output import written_as


def check(config: Config) -> None:
    """Refuse what is no run's folder, one without anything to draw from, and lacking tables."""
    _read(config)


def run(config: Config) -> None:
    """Draw what is asked for, or all that the tables allow, in each format.

    Raises:
        DynaSplitError: a table cannot be read or is lacking, or a figure not be written.
    """
    read, asked = _read(config), config.figures
    names = asked.only or [name for name in FIGURES if not read.lacking(name)]
    with Terminal() as terminal, results_folder(record_inputs(config)) as folder:
        with (
            terminal.during(f"Drawing the figures of {read.folder}"),
            written_as(asked.formats, titles=asked.titles),
        ):
            empty = _draw(folder.path, read, names)
        wanting = [] if asked.only else _wanting(read, names)
        for words in (*wanting, *empty):
            terminal.say(words)
        drawn = sorted({p.stem for p in folder.path.iterdir() if p.suffix[1:] in asked.formats})
        terminal.say(f"Drawn as {', '.join(asked.formats)}: {', '.join(drawn) or 'nothing'}")
        terminal.say(f"Results: {folder.path}")


def _read(config: Config) -> RunTables:
    """The run's tables, which must have those that the figures asked for need."""
    read = read_tables(folder_of_a_run(config.name, config.runs), config.figures.request)
    for name in config.figures.only or ():
        if lacking := read.lacking(name):
            can = ", ".join(one for one in FIGURES if not read.lacking(one))
            raise DataError(
                f"figures.only: {name} ({FIGURES[name].words}) needs {lacking}, which "
                f"{read.folder} does not have{_why(lacking)}; allowed of this run: {can}"
            )
    return read


def _why(file: str) -> str:
    """What to say of a file that is there and lacks what is wanted of it."""
    return " with figures by accounting" if file == "summary.json" else ""


def _draw(folder: Path, read: RunTables, names: Sequence[str]) -> list[str]:
    """Draw; returns what could not be drawn, for want of what, a line each."""
    empty = []
    for name in names:
        one = FIGURES[name]
        if one.draw(folder / f"{name}.png", read.tables) is None:
            empty.append(f"Not drawn: {name}: {one.lacks}")
    return empty


def _wanting(read: RunTables, names: Sequence[str]) -> list[str]:
    """What is left out since a table is not there, a line for each table."""
    left: dict[str, list[str]] = {}
    for name in FIGURES:
        if name not in names and (file := read.lacking(name)):
            left.setdefault(file, []).append(name)
    return [
        f"Not drawn, for want of {file}{_why(file)}: {', '.join(some)}"
        for file, some in left.items()
    ]

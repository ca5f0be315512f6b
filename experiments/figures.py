"""Draws the figures of a run anew from its tables, in formats that a paper takes."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.figures_anew import check_asked, draw, drawable, why
from dynasplit.app.report.run_tables import RunTables, read_tables
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import folder_of_a_run, results_folder
from dynasplit.config.schema import Config
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
    names = asked.only or drawable(read)
    with Terminal() as terminal, results_folder(record_inputs(config)) as folder:
        with (
            terminal.during(f"Drawing the figures of {read.folder}"),
            written_as(asked.formats, titles=asked.titles),
        ):
            empty = draw(read, folder.path, names)
        for words in [] if asked.only else _wanting(read):
            terminal.say(words)
        for name in empty:
            terminal.say(f"Not drawn: {name}: {FIGURES[name].lacks}")
        drawn = [name for name in names if name not in empty]
        terminal.say(f"Drawn as {', '.join(asked.formats)}: {', '.join(drawn) or 'nothing'}")
        terminal.say(f"Results: {folder.path}")


def _read(config: Config) -> RunTables:
    """The run's tables, which must have those that the figures asked for need."""
    read = read_tables(folder_of_a_run(config.name, config.runs), config.figures.request)
    check_asked(read, config.figures.only or ())
    return read


def _wanting(read: RunTables) -> Sequence[str]:
    """What is left out since a table is not there, a line for each table."""
    left: dict[str, list[str]] = {}
    for name in FIGURES:
        if file := read.lacking(name):
            left.setdefault(file, []).append(name)
    return [
        f"Not drawn, for want of {file}{why(file)}: {', '.join(some)}"
        for file, some in left.items()
    ]

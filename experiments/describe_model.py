"""Describes a network's split points: tensor sent, and work on either side."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.describe_splits import chosen_of, cuts_of, description_of
from dynasplit.app.setup.network_order import order_of
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import ResultsError
from dynasplit.figures import draw_network_figure
from dynasplit.profile.law import MACS, Cut
from dynasplit.run.writable import check_could_be_written
from hosts.models.prepare.describe import Description, SplitPointDescription


def check(config: Config) -> None:
    """Refuse an unknown network."""
    order_of(config)


def run(config: Config) -> None:
    """Print a table; write `model.json`, `macs.csv` and a figure. No host is started.

    Raises:
        DynaSplitError: the network cannot be split, or results cannot be written.
    """
    with Terminal() as terminal:
        if config.dry_run:
            check_could_be_written(Path(config.results_dir), config.name)
        description = description_of(order_of(config), config.model.label, terminal.say)
        chosen = chosen_of(config.model.split_points, description)
        terminal.console.print(table(description, chosen))
        if config.dry_run:
            return
        with results_folder(record_inputs(config)) as folder:
            told = {"model": description.model, "split_points": msgspec.to_builtins(chosen)}
            write_json(folder.path / "model.json", told)
            _write_cuts(folder.path / "macs.csv", cuts_of(description))
            draw_network_figure(
                folder.path / "model.png",
                description.model,
                description.split_points,
                [point.index for point in chosen],
            )
            terminal.say(f"Results: {folder.path}")


def table(description: Description, chosen: Sequence[SplitPointDescription]) -> Table:
    """The split points as a person reads them."""
    total = description.split_points[-1].head_mmac or 1.0
    every = len(chosen) == len(description.split_points)
    of = "" if every else f" of {len(description.split_points)}"
    made = Table(
        title=f"{description.model}: {len(chosen)}{of} split points",
        title_justify="left",
        title_style="bold",
    )
    digits = 1 if total >= 100 else 3
    made.add_column("split", justify="right")
    made.add_column("after operation", overflow="fold")
    made.add_column("tensor")
    for name in ("sent\nKB", "head\nMMAC", "tail\nMMAC", "on the\nedge %"):
        made.add_column(name, justify="right", no_wrap=True)
    for point in chosen:
        made.add_row(
            str(point.index),
            point.name,
            " x ".join(map(str, point.shape)),
            f"{point.bytes / 1024:,.{digits}f}" if point.bytes else "-",
            f"{point.head_mmac:,.{digits}f}",
            f"{point.tail_mmac:,.{digits}f}",
            f"{100 * point.head_mmac / total:.1f}",
        )
    return made


def _write_cuts(path: Path, cuts: Sequence[Cut]) -> None:
    """As `+experiment=fit_profile fit.macs=FILE` reads it: all split points, in order."""
    names = [column.name for column in MACS]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([getattr(cut, name) for name in names] for cut in cuts)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error}") from error

"""The terminal's table of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from dynasplit.app.sweep.figures import SEARCH, Group, Known
from dynasplit.app.sweep.jobs import Value
from dynasplit.core.provenance import SMALL_J, significant
from hosts.core.errors import printable

BELOW = "Means over the runs; below them their 95 % intervals (Student's), which one run has not."
_LONGEST_VALUE, _WIDTH = 24, 100


@dataclass(frozen=True)
class _Column:
    """A column of figures: its title, the figure's name, and how a value is shown."""

    title: str
    name: str
    shown: Callable[[float], str]


def sweep_table(groups: Sequence[Group], title: str) -> Table:
    """The figures of a sweep: a row for each group, or for each policy where seeds alone differ.

    Args:
        groups: those of the sweep, of which there is at least one.
        title: what stands above.
    """
    table = Table(title=title, title_justify="left", title_style="bold")
    names = list(groups[0].options)
    heads = [_broken(name) for name in names] or ["policy"]
    rows = [(group, group.head) for group in groups]
    if not names:
        rows = [(groups[0], policy) for policy in groups[0].figures] or rows
    whats = [[shown_value(g.options[name]) for name in names] or [p or "-"] for g, p in rows]
    runs = [f"{g.runs}" if g.runs == g.jobs else f"{g.runs} of {g.jobs}" for g, _ in rows]
    known = [group.figures.get(policy or "", {}) for group, policy in rows]
    left = _WIDTH - sum(map(_width, zip(heads, *whats, strict=True))) - _width(["runs", *runs]) - 1
    for head in heads:
        table.add_column(escape(head), overflow="fold")
    table.add_column("runs", justify="right", no_wrap=True)
    shown: list[list[str]] = []
    for column in _columns(groups):
        if not names and column.name.startswith(SEARCH):  # it is the same for all policies
            continue
        cells = [_cell(own.get(column.name), column) for own in known]
        left -= _width([column.title, *cells])
        if left < 0:  # the tables in the sweep's folder have all of them
            break
        if any(column.name in own for own in known):
            table.add_column(column.title, justify="right", no_wrap=True)
            shown.append(cells)
    for place, what in enumerate(whats):
        table.add_row(*map(escape, what), runs[place], *(cells[place] for cells in shown))
    return table


def _width(cells: Iterable[str]) -> int:
    """How wide a column of these cells is, with what is between it and the next one."""
    return 3 + max(len(line) for cell in cells for line in cell.split("\n"))


def shown_value(value: Value) -> str:
    """An option's value as a person reads it; of long ones the end, which tells paths apart."""
    if value is None:
        return "null"
    text = printable(str(value).lower() if isinstance(value, bool) else str(value))
    return text if len(text) <= _LONGEST_VALUE else f"…{text[-_LONGEST_VALUE + 1 :]}"


def _broken(name: str) -> str:
    """An option's name in lines of its parts."""
    return name.replace(".", ".\n")


def _columns(groups: Sequence[Group]) -> list[_Column]:
    energies = [
        figures["energy_j_mean"].mean
        for group in groups
        for figures in group.figures.values()
        if "energy_j_mean" in figures
    ]
    small = bool(energies) and max(energies) < SMALL_J
    factor, unit = (1000.0, "mJ") if small else (1.0, "J")
    return [
        _Column("met %", "met_pct", lambda v: f"{v:.1f}"),
        _Column(f"energy {unit}\nmean", "energy_j_mean", lambda v: significant(factor * v)),
        _Column("saved, of\ncloud_only %", "energy_saving_vs_cloud_pct", lambda v: f"{v:.1f}"),
        _Column("hyper-\nvolume", f"{SEARCH}hypervolume", lambda v: f"{v:.3f}"),
        _Column("latency ms\nmedian", "latency_ms_median", significant),
    ]


def _cell(figure: Known | None, column: _Column) -> str:
    if figure is None:
        return "-"
    mean = column.shown(figure.mean)
    if figure.interval is None:
        return mean
    low, high = (column.shown(bound).removesuffix(".0") for bound in figure.interval)
    return f"{mean}\n{low if low == high else f'{low}..{high}'}"

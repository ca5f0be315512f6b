"""A run's power traces as a person looks at them: a table a phase, and the windows that matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynasplit.core.provenance import is_stated
from dynasplit.core.space import Configuration
from dynasplit.figures.series import Origin
from dynasplit.tables.columns import KNOB_PREFIX

if TYPE_CHECKING:
    import pandas as pd

    from dynasplit.frames.opened import OpenedRun

_PANELS = 12
_KNOWN = "repeat"
"""The column of a trace behind those of its configuration."""


def write_traces(folder: Path, place: Path, origin: Origin, draws: bool = True) -> list[Path]:
    """Write the traces of a run, one table a phase, and the figures of those that matter.

    Args:
        folder: the run's.
        place: where they are written.
        origin: of the figures.
        draws: False: the tables alone.

    Returns:
        The files; none where the run has no traces.
    """
    from dynasplit.frames.opened import TRACES, open_run

    if not any((folder / TRACES).glob("*.parquet")):
        return []
    run = open_run(folder)
    traces = run.traces()
    is_search = traces["request"].isna()
    written = []
    for phase, mine in (("offline", traces[is_search]), ("online", traces[~is_search])):
        if len(mine):
            written.append(place / f"traces_{phase}.parquet")
            mine.dropna(axis="columns", how="all").to_parquet(written[-1], index=False)
    if not draws:
        return written
    return written + _drawn(run, traces[is_search & traces["power_w"].notna()], place, origin)


def _drawn(run: OpenedRun, readings: pd.DataFrame, place: Path, origin: Origin) -> list[Path]:
    from dynasplit.figures.windows import Window, draw

    names = list(readings.columns[: list(readings.columns).index(_KNOWN)])
    on_front = {_key(row, names) for row in run.front_rows()}
    flagged = _flagged(run.runs, names)
    front: dict[Any, Window] = {}
    doubtful: list[Window] = []
    by_window = readings.groupby([*names, _KNOWN], dropna=False, sort=False)
    for _, window in by_window:
        row = window.iloc[0].to_dict()
        key, repeat = _key(row, names), int(row[_KNOWN])
        words = _words(row, names)
        traces = dict(_by_channel(window))
        if key in on_front and key not in front:
            front[key] = Window(words, traces)
        if flags := flagged.get((key, repeat)):
            doubtful.append(Window(f"{words}\nrun {repeat + 1}: {', '.join(flags)}", traces))
    some = list(front.values())[:_PANELS], doubtful[:_PANELS]
    drawn = [
        draw(place / "windows_front.png", some[0], "power, on the front", origin),
        draw(place / "windows_doubtful.png", some[1], "power, doubtful windows", origin),
    ]
    return [path for path in drawn if path is not None]


def _by_channel(window: pd.DataFrame) -> Iterator[tuple[str, tuple[Any, Any]]]:
    named = window["host"]
    if "channel" in window:  # older runs have none
        named = named + window["channel"].map(lambda c: f" {c}", na_action="ignore").fillna("")
    for name, readings in window.groupby(named, sort=False):
        times_s = readings["time_s"].to_numpy(float)
        yield str(name), (times_s, readings["power_w"].to_numpy(float))


def _flagged(runs: pd.DataFrame, names: list[str]) -> dict[tuple[Any, int], list[str]]:
    """What is doubtful of each window, by configuration and repeat."""
    found = {}
    plain = runs.rename(columns=lambda name: name.removeprefix(KNOB_PREFIX))
    for row in plain[plain["flags"].notna()].to_dict("records"):
        flags = [flag for flag in str(row["flags"]).split(";") if not is_stated(flag)]
        if flags:
            found[_key(row, names), int(row[_KNOWN])] = flags
    return found


def _key(row: Mapping[Any, Any], names: list[str]) -> tuple[str, ...]:
    """A configuration, however a table holds its values."""
    return tuple(str(row.get(name)) for name in names)


def _words(row: Mapping[Any, Any], names: list[str]) -> str:
    import pandas as pd

    known = {name: row[name] for name in names if not pd.isna(row[name])}
    return Configuration.of(int(known.pop("split_point")), **known).words()

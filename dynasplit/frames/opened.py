"""One run, opened to be looked at: its tables as DataFrames, read when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Summary
from dynasplit.core.served_request import ServedRequest
from dynasplit.frames.columns import empty_frame, frame_of, frame_of_rows, read_frame
from dynasplit.frames.traces import read_traces
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import JOURNAL, Records
from dynasplit.run.run_record import (
    FRONT,
    REQUESTS,
    RUNS,
    SUMMARY,
    RunRecord,
    read_summary,
    record_of,
)
from dynasplit.tables.io_requests import requests_table
from dynasplit.tables.io_runs import runs_table
from dynasplit.tables.runs import RunsTable

TRACES = "traces"
_OF_A_MEMBER = [f.name for f in fields(Summary) if f.name not in ("configuration", "latencies_ms")]
_BOUNDS = "confidence_95"


@dataclass(frozen=True)
class OpenedRun:
    """A run's folder, opened.

    Where the run has not finished, what a finished one would have written is made from its journal.
    Tables are DataFrames: a column's unit is the end of its name, whole numbers are whole, and what
    is absent is NA. Each is read once; change a copy.

    Attributes:
        path: the folder.
        record: what its run.json holds: state, identity, versions, hosts.
    """

    path: Path
    record: RunRecord

    @property
    def is_finished(self) -> bool:
        """True if the run has come to its end."""
        return self.record.state == "finished"

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What was asked for, nested as on the command line; empty: its record was lost."""
        return self.record.configuration

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row for each measured run of a configuration (results/README.md has the columns)."""
        path = self.path / RUNS
        if path.is_file():
            return read_frame(path, "runs")
        measured = self._records.measurements
        if not measured:
            return empty_frame("runs")
        return frame_of(
            runs_table(measured, model=self._network, last_split_point=self._last_split_point)
        )

    @cached_property
    def requests(self) -> pd.DataFrame:
        """A row for each request and policy."""
        path = self.path / REQUESTS
        if path.is_file():
            return read_frame(path, "requests")
        if not self._served:
            return empty_frame("requests")
        return frame_of(
            requests_table(
                self._served, model=self._network, last_split_point=self._last_split_point
            )
        )

    @cached_property
    def front(self) -> pd.DataFrame:
        """A row for each configuration on the Pareto front, by ascending latency."""
        return frame_of_rows(self.front_rows())

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row for each policy: its figures, and the bounds of their 95 % intervals.

        Names are those of summary.json, joined: `energy_j_mean`, and `energy_j_mean_low` and
        `energy_j_mean_high` for its interval.
        """
        return frame_of_rows(self.summary_rows())

    def front_rows(self) -> list[dict[str, Any]]:
        """The front as plain values."""
        front = self._front()
        if front is None:
            return []
        return [
            {
                "configuration": one.configuration.words(),
                **one.configuration.as_dict(),
                **{name: getattr(one, name) for name in _OF_A_MEMBER},
            }
            for one in front.summaries
        ]

    def summary_rows(self) -> list[dict[str, Any]]:
        """The policies' figures as plain values."""
        told = self.figures.get("policies")
        blocks = told if told is not None else summarise_requests(self._served)
        return [{"policy": name, **flattened(block)} for name, block in blocks.items()]

    @cached_property
    def figures(self) -> Mapping[str, Any]:
        """What summary.json holds; empty: it is not there yet."""
        return read_summary(self.path) if (self.path / SUMMARY).is_file() else {}

    def traces(self, **selected: Any) -> pd.DataFrame:
        """Power traces of windows, a row a reading, with what was measured in the window beside it.

        Args:
            **selected: values of columns: `split_point`, a knob's name, `repeat`, and for requests
                `policy` and `request`. Without any all windows are read.

        Raises:
            DataError: the folder has no traces, or none of such windows.
        """
        knobs = [n for n in self.runs.columns.append(self.requests.columns) if n != "split_point"]
        return read_traces(self.path / TRACES, tuple(dict.fromkeys(knobs)), selected)

    @cached_property
    def _records(self) -> Records:
        path = self.path / JOURNAL
        return read_journal(path) if path.is_file() else Records()

    @cached_property
    def _served(self) -> list[ServedRequest]:
        """The requests of the online phase that the run was last started with."""
        rows = [row for phase, row in self._records.served if phase == self.record.online]
        asked = {name: place for place, name in enumerate(self.configuration.get("policies", ()))}
        return sorted(rows, key=lambda row: (row.request, asked.get(row.policy, len(asked))))

    @property
    def _network(self) -> str | None:
        begun = self._records.begun
        return begun.network if begun is not None else None

    @property
    def _last_split_point(self) -> int:
        begun, records = self._records.begun, self._records
        if begun is not None:
            return begun.last_split_point
        served = (row.measurement for row in self._served)
        return max(m.configuration.split_point for m in (*records.measurements, *served))

    def _front(self) -> ParetoFront | None:
        path = self.path / FRONT
        if path.is_file():
            return ParetoFront.load(path)
        measured = self._records.measurements
        if not measured:
            return None
        return ParetoFront.of_runs(
            RunsTable.of(measured, model=self._network, last_split_point=self._last_split_point)
        )


def open_run(folder: str | Path) -> OpenedRun:
    """A run's folder, opened.

    Raises:
        ResultsError: it is none.
    """
    path = Path(folder)
    record = record_of(path)
    if record is None:
        there = (
            "no such folder" if not path.is_dir() else "neither run.json nor journal.jsonl in it"
        )
        raise ResultsError(
            f"{path}: {there}; allowed: the folder of a run, results/<experiment>/<date_time>"
        )
    return OpenedRun(path, record)


def flattened(block: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A policy's nested figures by joined names; an interval becomes its two bounds."""
    found: dict[str, Any] = {}
    for name, value in block.items():
        joined = f"{before}{name}"
        if isinstance(value, Mapping):
            found |= flattened(value, "" if name == _BOUNDS else f"{joined}_")
        elif isinstance(value, (list, tuple)) and len(value) == 2:
            found[f"{joined}_low"], found[f"{joined}_high"] = value
        elif not isinstance(value, (list, tuple)):
            found[joined] = value
    return found

"""Many runs, opened together: their tables under one another, with what makes the runs differ."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dynasplit.config.load import as_asked
from dynasplit.core.errors import ResultsError
from dynasplit.frames.columns import TEXT, frame_of_rows, series_of
from dynasplit.frames.opened import OpenedRun, flattened, open_run


@dataclass(frozen=True)
class OpenedRuns:
    """Several runs' folders, opened.

    Each table begins with the column `folder`, and with a column for each option that not all of
    the runs have alike (`seed`, `search.algorithm`).

    Attributes:
        opened: the runs, by folder.
    """

    opened: Sequence[OpenedRun]

    def __len__(self) -> int:
        return len(self.opened)

    @cached_property
    def swept(self) -> pd.DataFrame:
        """A row for each run: its folder, and the options that not all of them have alike."""
        asked = [as_asked(run.configuration) for run in self.opened]
        names = dict.fromkeys(name for one in asked for name in one)
        told = {name: [_plain(one.get(name)) for one in asked] for name in names}
        differing = {n: series_of(v) for n, v in told.items() if any(x != v[0] for x in v)}
        folders = pd.Series([str(run.path) for run in self.opened], dtype=TEXT)
        return pd.DataFrame({"folder": folders, **differing})

    @cached_property
    def overview(self) -> pd.DataFrame:
        """A row for each run: what was swept, its state, and the figures of its search."""
        told = frame_of_rows(
            {
                "state": run.record.state,
                "model": run.figures.get("model"),
                "hosts": run.figures.get("hosts"),
                **flattened(run.figures.get("search", {})),
            }
            for run in self.opened
        )
        new = [name for name in told.columns if name not in self.swept.columns]
        return pd.concat([self.swept, told[new]], axis=1)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The measured runs of configurations of all of them."""
        return self._under_one_another([run.runs for run in self.opened])

    @cached_property
    def requests(self) -> pd.DataFrame:
        """The requests of all of them."""
        return self._under_one_another([run.requests for run in self.opened])

    @cached_property
    def front(self) -> pd.DataFrame:
        """The configurations on their fronts."""
        return self._of_rows([run.front_rows() for run in self.opened])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The policies' figures, a row for each run and policy."""
        return self._of_rows([run.summary_rows() for run in self.opened])

    def _under_one_another(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        filled = [one for one in tables if len(one)] or tables[:1]
        return self._told(pd.concat(filled, ignore_index=True), list(map(len, tables)))

    def _of_rows(self, rows: Sequence[Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
        return self._told(frame_of_rows(chain.from_iterable(rows)), list(map(len, rows)))

    def _told(self, every: pd.DataFrame, counts: Sequence[int]) -> pd.DataFrame:
        """A table with what makes the runs differ, of which each has so many of its rows."""
        places = np.repeat(np.arange(len(counts)), counts)
        told = self.swept.iloc[places].reset_index(drop=True)
        new = [name for name in told.columns if name not in every.columns]
        return pd.concat([told[new], every], axis=1)


def open_runs(pattern: str | Path) -> OpenedRuns:
    """The runs whose folders fit a pattern, in the order of their names.

    Raises:
        ResultsError: none does.
    """
    fitting = sorted(Path(found) for found in glob.glob(str(pattern), recursive=True))  # noqa: PTH207
    opened = []
    for path in fitting:
        try:
            opened.append(open_run(path))
        except ResultsError:
            continue
    if not opened:
        raise ResultsError(
            f"{pattern}: {len(fitting)} files and folders fit, and none is a run's; allowed: a "
            "pattern such as results/vgg16_testbed/*"
        )
    return OpenedRuns(opened)


def _plain(value: Any) -> Any:
    """An option's value as one cell: lists and the like in words."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)

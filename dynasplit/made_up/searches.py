"""Searches of made-up testbeds, judged by the truth; each is a task for a process of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit.made_up.judged import best_course, course
from dynasplit.made_up.testbed import MadeUpTestbed, drawn
from dynasplit.offline import search
from dynasplit.offline.budget import Budget
from dynasplit.offline.study import OfflineSettings, search_front
from dynasplit.run.journal import Journal

Floats = npt.NDArray[np.float64]
FEWEST = 15
"""Measurements that a tenth of a small space comes to at least."""


@dataclass(frozen=True)
class Task:
    """One search.

    Attributes:
        number: of the testbed. draw: the seed that testbeds are drawn by.
        families: that take turns; empty: all. sizes: of the spaces.
        algorithm: its name. options: its own. seed: of the search.
        most: measurements.
    """

    number: int
    draw: int
    families: tuple[str, ...]
    sizes: tuple[int, int]
    algorithm: str
    options: Mapping[str, Any] = field(hash=False)
    seed: int
    most: int


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes:
        task: which search. family: of its testbed. size: of its space.
        shares: of what the best choice of as many reaches, after each measurement (n,).
        spent_s: testbed time until then (n,).
        whole_s: that of measuring each configuration once.
    """

    task: Task
    family: str
    size: int
    shares: Floats
    spent_s: Floats
    whole_s: float

    def after(self, percent: float) -> float | None:
        """The share after so much of the space is measured; None: it was not measured so far."""
        count = max(FEWEST, math.ceil(self.size * percent / 100))
        return float(self.shares[count - 1]) if count <= len(self.shares) else None

    def at(self, count: int) -> float | None:
        """The share after so many measurements; None: there were fewer."""
        return float(self.shares[count - 1]) if count <= len(self.shares) else None


def searched(task: Task) -> Found:
    """One search, judged."""
    testbed = _drawn(task.number, task.draw, task.families, task.sizes)
    journal = Journal(None)
    limit = min(task.most, len(testbed.space))
    search_front(
        testbed.space,
        search.build(task.algorithm, **task.options),
        testbed,
        journal,
        OfflineSettings(budget=Budget(configurations=limit), seed=task.seed, front_repeats=0),
    )
    runs = journal.measurements()[:limit]
    chosen = [testbed.space.index(m.configuration) for m in runs]
    found = course(testbed.truth.points, chosen, limit)
    spent_s = np.cumsum([m.testbed_time_s or 0.0 for m in runs])
    spent_s = np.pad(spent_s, (0, limit - len(runs)), mode="edge")
    best = _best(task.number, task.draw, task.families, task.sizes, limit)
    shares = found / best
    return Found(task, testbed.family, len(testbed.space), shares, spent_s, testbed.whole_s)


def all_searched(tasks: Sequence[Task], workers: int) -> Iterator[Found]:
    """Every search, as they are finished, in the tasks' order.

    Args:
        tasks: those of one testbed lie together, which draws it once.
        workers: processes.
    """
    if workers == 1:
        yield from map(searched, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(searched, tasks, chunksize=4)


@lru_cache(maxsize=4)
def _drawn(
    number: int, seed: int, families: Sequence[str], sizes: tuple[int, int]
) -> MadeUpTestbed:
    return drawn(number, seed, families, sizes)


@lru_cache(maxsize=4)
def _best(
    number: int, seed: int, families: Sequence[str], sizes: tuple[int, int], upto: int
) -> Floats:
    return best_course(_drawn(number, seed, families, sizes).truth.points, upto)

"""The offline phase: search, have the baselines measured, repeat what is on the front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dynasplit.core.errors import ResultsError
from dynasplit.core.events import Finished, Measured, Started, Subscriber, nobody
from dynasplit.core.measurement import Measurement, Summary, Testbed, summarise
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.offline.budget import Budget
from dynasplit.offline.front_repeats import Repeats, Runs
from dynasplit.offline.measurer import Audit, Bench, time_s
from dynasplit.offline.search.base import Algorithm
from dynasplit.offline.search_loop import Search, Searched
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import Attempts

__all__ = ["Audit", "Budget", "Explored", "explore"]


@dataclass(frozen=True)
class Explored:
    """What the offline phase found.

    Attributes:
        algorithm: which one searched.
        measurements: every run, in the order of the journal: search, baselines and repeats.
        searched: the distinct configurations that the budget counts, in the order measured.
        apart: configurations measured besides them, for the baselines.
        failed: configurations that could not be measured.
        candidates: summaries that the front is to be built from, baselines included. Whatever of
            them is on the front has its repeats.
        cloud_only: the baseline's summary, or None where the space does not have it.
        edge_only: likewise.
        repeats: how many runs were made beyond the search and the baselines' first.
        asked: trials asked of the algorithm.
        testbed_time_s: what the search spent on the testbed.
        apart_time_s: what baselines counted apart and all repeats spent besides.
        stopped: why the search ended.
    """

    algorithm: str
    measurements: tuple[Measurement, ...]
    searched: tuple[Configuration, ...]
    apart: tuple[Configuration, ...]
    failed: tuple[Configuration, ...]
    candidates: tuple[Summary, ...]
    cloud_only: Summary | None
    edge_only: Summary | None
    repeats: int
    asked: int
    testbed_time_s: float
    apart_time_s: float
    stopped: str

    @property
    def configurations_measured(self) -> int:
        """How many distinct configurations the search measured."""
        return len(self.searched)


def explore(
    space: SearchSpace,
    algorithm: Algorithm,
    testbed: Testbed,
    journal: Journal,
    *,
    budget: Budget,
    seed: int = 0,
    storage: Path | None = None,
    front_repeats: int = 4,
    retries: int = 2,
    retry_wait_s: float = 1.0,
    audit: Audit | None = None,
    rechecks: int = 2,
    subscriber: Subscriber = nobody,
) -> Explored:
    """Search a space, and repeat what is on the front.

    Started again with the same arguments after having been interrupted at any point, it goes on
    and gives what an uninterrupted one gives.

    Args:
        space: the valid configurations.
        algorithm: suggests what to measure.
        testbed: measures.
        journal: keeps each finished measurement at once; what it holds is not measured again.
        budget: ends the search. Repeats, and baselines that the algorithm does not seed, are
            counted apart.
        seed: of all that is random here.
        storage: the file of the durable Optuna study; None keeps it in memory.
        front_repeats: further runs of each member of the front and of the baselines.
        retries: further attempts after an error that is transient. A configuration that still
            fails is recorded as failed and the search goes on; when three different ones fail in
            a row, it stops with the error.
        retry_wait_s: before the first retry; doubles with each.
        audit: names what is doubtful about a measurement; a doubtful one is repeated.
        rechecks: how many times at most.
        subscriber: follows what happens.

    Raises:
        ConfigurationError: the budget is not one that this algorithm can follow.
        DynaSplitError: the testbed failed; what is finished is kept.
        ResultsError: journal or storage cannot be written, or belong to another search.
    """
    bench = Bench(testbed, journal, Attempts(retries, retry_wait_s), audit, rechecks)
    _check_space(bench, space, journal)
    search = Search(
        space, algorithm, bench, budget, seed=seed, storage=storage, subscriber=subscriber
    )
    baselines = tuple(c for c in dict.fromkeys((space.cloud_only, space.edge_only)) if c)
    if not algorithm.seeds_corners:
        _measure_baselines(bench, baselines, subscriber)
    searched = search.run()
    if algorithm.seeds_corners:  # a small budget, or a failure, may have left one out
        _measure_baselines(bench, baselines, subscriber)
    candidates = tuple(dict.fromkeys((*searched.configurations, *baselines)))
    runs = Repeats(bench, front_repeats, seed, subscriber).measure(candidates, baselines)
    return _explored(algorithm, bench, journal, searched, runs, (space.cloud_only, space.edge_only))


def _check_space(bench: Bench, space: SearchSpace, journal: Journal) -> None:
    for configuration in bench.runs:
        if configuration not in space:
            raise ResultsError(
                f"{journal.path} holds {configuration}, which is not in this run's space: "
                f"{space.explain(configuration)}. Start anew"
            )


def _measure_baselines(
    bench: Bench, baselines: Sequence[Configuration], subscriber: Subscriber
) -> None:
    """Measure what is not measured yet; any failure ends the run, since nothing replaces them."""
    left = [c for c in baselines if not bench.runs.get(c)]
    if not left:
        return
    subscriber(Started("baselines", len(left)))
    for done, configuration in enumerate(left, start=1):
        bench.announce = partial(_announce_baseline, subscriber, done, len(left))
        bench.search_runs(configuration)
    subscriber(Finished("baselines", f"{len(left)} baselines are measured"))


def _announce_baseline(subscriber: Subscriber, done: int, total: int, found: Measurement) -> None:
    subscriber(Measured("baselines", found, done, total))


def _explored(
    algorithm: Algorithm,
    bench: Bench,
    journal: Journal,
    searched: Searched,
    runs: Runs,
    baselines: tuple[Configuration | None, Configuration | None],
) -> Explored:
    measurements = tuple(journal.measurements())
    apart = tuple(c for c in bench.runs if c not in searched.configurations)
    first = sum(len(bench.search_runs(c)) for c in (*searched.configurations, *apart))
    summaries = {c: summarise(measured)[0] for c, measured in runs.items()}
    cloud_only, edge_only = (summaries.get(c) if c else None for c in baselines)
    return Explored(
        algorithm=algorithm.name,
        measurements=measurements,
        searched=searched.configurations,
        apart=apart,
        failed=searched.failed,
        candidates=tuple(summaries.values()),
        cloud_only=cloud_only,
        edge_only=edge_only,
        repeats=len(measurements) - first,
        asked=searched.asked,
        testbed_time_s=searched.testbed_time_s,
        apart_time_s=time_s(measurements) - searched.testbed_time_s,
        stopped=searched.stopped,
    )

"""The offline phase: search, have the baselines measured, repeat what is on the front."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dynasplit.core.errors import ResultsError
from dynasplit.core.events import Subscriber, nobody
from dynasplit.core.given_up import GivenUp, told_apart
from dynasplit.core.measurement import Measurement, Summary, Testbed, summarise
from dynasplit.core.provenance import beside_faults, faults_of, least_real
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.front.confirmed import unconfirmed
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.baselines import Baselines, measured_baselines
from dynasplit.offline.blocks import Orders, place
from dynasplit.offline.budget import Budget
from dynasplit.offline.front_repeats import FrontRepeats, Runs
from dynasplit.offline.measurer import Audit, Measurer, time_s
from dynasplit.offline.search.base import Algorithm
from dynasplit.offline.search.grid import Grid
from dynasplit.offline.search_loop import Search, SearchResult
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy

__all__ = ["Audit", "Budget", "OfflineResult", "OfflineSettings", "search_front"]


@dataclass(frozen=True, kw_only=True)
class OfflineSettings:
    """Settings of the offline phase: budget, seed, repeats, retries, audit.

    Attributes:
        budget: ends the search. Repeats, and baselines that the algorithm does not seed, are
            counted apart.
        network: the network's name, for the front; None: not known.
        seed: of all that is random here.
        storage: the file of the durable Optuna study; None keeps it in memory.
        front_repeats: further runs of each member of the front and of the baselines.
        retry: further attempts after an error that is transient. A configuration that still
            fails is recorded as failed and the search goes on, to ask again once at its end; when
            three different ones fail in a row, it is seen whether that passes; else the search
            stops with the error.
        audit: names what is doubtful about a measurement; a doubtful one is repeated.
        rechecks: how many times at most.
    """

    budget: Budget
    network: str | None = None
    seed: int = 0
    storage: Path | None = None
    front_repeats: int = 4
    retry: RetryPolicy = RetryPolicy()
    audit: Audit | None = None
    rechecks: int = 2


@dataclass(frozen=True)
class OfflineResult:
    """The offline phase's measurements, and the front that it hands to the online phase.

    Attributes:
        algorithm: which one searched.
        front: the non-dominated configurations, from the medians of their repeats.
        measurements: every run, in the order of the journal: search, baselines and repeats.
        searched: the distinct configurations that the budget counts, in the order measured.
        apart: configurations measured besides them, for the baselines.
        failed: configurations that the search could not measure.
        given_up: what search and repeats went on without, and why.
        recovered: what they had gone on without, and measured when they asked again.
        candidates: summaries that the front is to be built from, baselines included. Whatever of
            them is on the front has its repeats.
        unconfirmed: those of them that were kept off the front, as an audit doubts all their runs,
            and these do not agree.
        repeats: how many runs were made beyond the search and the baselines' first.
        asked: trials asked of the algorithm.
        testbed_time_s: what the search spent on the testbed.
        apart_time_s: what baselines counted apart and all repeats spent besides.
        stopped: why the search ended.
    """

    algorithm: str
    front: ParetoFront
    measurements: tuple[Measurement, ...]
    searched: tuple[Configuration, ...]
    apart: tuple[Configuration, ...]
    failed: tuple[Configuration, ...]
    given_up: tuple[GivenUp, ...]
    recovered: tuple[GivenUp, ...]
    candidates: tuple[Summary, ...]
    unconfirmed: tuple[Configuration, ...]
    repeats: int
    asked: int
    testbed_time_s: float
    apart_time_s: float
    stopped: str

    @property
    def configurations_measured(self) -> int:
        """The number of distinct configurations that the search measured."""
        return len(self.searched)


def search_front(
    space: SearchSpace,
    algorithm: Algorithm,
    testbed: Testbed,
    journal: Journal,
    settings: OfflineSettings,
    subscriber: Subscriber = nobody,
) -> OfflineResult:
    """Search a space, and repeat what is on the front.

    Started again with the same arguments after having been interrupted at any point, it goes on
    and gives what an uninterrupted one gives.

    Args:
        space: the valid configurations.
        algorithm: suggests what to measure.
        testbed: measures.
        journal: keeps each finished measurement at once; what it holds is not measured again.
        settings: how it searches, and when it ends.
        subscriber: follows what happens.

    Raises:
        ConfigurationError: the budget is not one that this algorithm can follow.
        DynaSplitError: the testbed failed; what is finished is kept.
        ResultsError: journal or storage cannot be written, or belong to another search.
    """
    measurer = Measurer(testbed, journal, settings.retry, settings.audit, settings.rechecks)
    _check_space(measurer, space, journal)
    search = Search(
        space,
        algorithm,
        measurer,
        settings.budget,
        seed=settings.seed,
        storage=settings.storage,
        subscriber=subscriber,
    )
    orders = Orders(None if settings.storage is None else settings.storage.parent)
    if isinstance(algorithm, Grid) and algorithm.order == "blocks":
        block = sorted(space.configurations, key=lambda c: place(settings.seed, 0, c))
        orders.keep("search", settings.seed, 0, block)
    baselines: Baselines = (None, None)
    if not algorithm.seeds_corners:
        baselines = measured_baselines(space, measurer, subscriber)
    searched = search.run([c for c in baselines if c])
    if algorithm.seeds_corners:  # a small budget, or a failure, may have left one out
        baselines = measured_baselines(space, measurer, subscriber)
    repeated = [c for c in dict.fromkeys(baselines) if c]
    candidates = tuple(dict.fromkeys((*searched.configurations, *repeated)))
    runs = FrontRepeats(
        measurer, settings.front_repeats, settings.seed, subscriber, orders
    ).measure(candidates, repeated)
    front = _front(runs, measurer, space, baselines, settings.network)
    return _result(algorithm, measurer, searched, runs, front)


def _check_space(measurer: Measurer, space: SearchSpace, journal: Journal) -> None:
    for configuration in measurer.runs:
        if configuration not in space:
            raise ResultsError(
                f"{journal.path} holds {configuration.words()}, which is not in this run's space: "
                f"{space.explain(configuration)}. Start anew"
            )


def _front(
    runs: Runs,
    measurer: Measurer,
    space: SearchSpace,
    baselines: Baselines,
    network: str | None,
) -> ParetoFront:
    def built(figures: Runs) -> ParetoFront:
        return ParetoFront.build(
            [summarise(measured)[0] for measured in figures.values()],
            model=network,
            last_split_point=space.last_split_point,
            source=least_real({m.source for m in measurer.journal.measurements()}),
            cloud_only=baselines[0],
            edge_only=baselines[1],
            accounting=measurer.journal.measurements()[0].accounting,
        )

    doubted = unconfirmed(runs)
    front = built(runs)
    if not doubted:
        return front
    confirmed = built({c: mine for c, mine in runs.items() if c not in doubted})
    return replace(front, summaries=confirmed.summaries)  # a baseline may be in doubt


def _result(
    algorithm: Algorithm,
    measurer: Measurer,
    searched: SearchResult,
    runs: Runs,
    front: ParetoFront,
) -> OfflineResult:
    measurements = tuple(measurer.journal.measurements())
    given_up, recovered = told_apart(measurer.journal.given_up(), measurements)
    apart = tuple(c for c in measurer.runs if c not in searched.configurations)
    first = sum(len(measurer.search_runs(c)) for c in (*searched.configurations, *apart))
    return OfflineResult(
        algorithm=algorithm.name,
        front=replace(
            front,
            faults=faults_of(m.flags for m in measurements),
            told=beside_faults([m.flags for m in measurements], {m.source for m in measurements}),
        ),
        measurements=measurements,
        searched=searched.configurations,
        apart=apart,
        failed=searched.failed,
        given_up=given_up,
        recovered=recovered,
        candidates=tuple(summarise(measured)[0] for measured in runs.values()),
        unconfirmed=tuple(unconfirmed(runs)),
        repeats=len(measurements) - first,
        asked=searched.asked,
        testbed_time_s=searched.testbed_time_s,
        apart_time_s=time_s(measurements) - searched.testbed_time_s,
        stopped=searched.stopped,
    )

"""The offline and the online phase of a run, on whatever testbed it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.app.setup.run_inputs import Ground
from dynasplit.audit import audit_live
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError, DataError
from dynasplit.core.events import Subscriber
from dynasplit.core.measurement import Measurement, Testbed
from dynasplit.core.served_request import Served
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline import search
from dynasplit.offline.search import Algorithm
from dynasplit.offline.study import Audit, Budget, Explored, explore
from dynasplit.online import policies
from dynasplit.online.policies import Policy
from dynasplit.online.serve import serve
from dynasplit.online.workload import Request, read_workload, weibull_requests
from dynasplit.run.journal import Journal


@dataclass(frozen=True)
class Outcome:
    """What the two phases gave.

    Attributes:
        explored: the offline phase; None where a front was given.
        front: what the policies chose from.
        policies: those that served. left_out: why each of the others could not.
        served: by request, then by policy.
    """

    explored: Explored | None
    front: ParetoFront
    policies: Sequence[Policy]
    left_out: Mapping[str, str]
    served: Sequence[Served]


def run_phases(
    config: Config,
    ground: Ground,
    testbed: Testbed,
    journal: Journal,
    *,
    storage: Path | None,
    subscriber: Subscriber,
    audit: Audit | None = audit_live,
) -> Outcome:
    """Search and repeat the front, or load it; then serve the requests.

    Args:
        config: what is asked for.
        ground: what the run stands on.
        testbed: measures.
        journal: keeps what is finished.
        storage: file of the durable study; None: in memory.
        subscriber: follows what happens.
        audit: names what is doubtful about a measurement of the search, which is then repeated.
    """
    explored = None
    if config.front is None:
        explored = explore(
            ground.space,
            search_algorithm(config),
            testbed,
            journal,
            budget=budget_of(config),
            seed=config.seed,
            storage=storage,
            front_repeats=config.search.front_repeats,
            retries=config.measure.retries,
            retry_wait_s=config.measure.retry_wait_s,
            audit=audit,
            subscriber=subscriber,
        )
        front = _front(explored, ground)
    else:
        front = _given_front(config.front, ground)
    chosen, left_out = _policies(config, front)
    served = serve(
        _requests(config, ground, front, explored.measurements if explored else ()),
        chosen,
        testbed,
        journal,
        retries=config.measure.retries,
        retry_wait_s=config.measure.retry_wait_s,
        subscriber=subscriber,
    )
    return Outcome(explored, front, chosen, left_out, served)


def check_phases(config: Config, ground: Ground) -> None:
    """Refuse, before anything starts, what the phases could not do.

    Raises:
        ConfigurationError: the search cannot be as asked for. DataError: a file cannot be used.
    """
    algorithm = search_algorithm(config)
    if budget_of(config).min_gain is not None and not algorithm.states_gain:
        able = [name for name in search.names() if search.build(name).states_gain]
        raise ConfigurationError(
            f"search.min_gain={config.search.min_gain}; search {config.search.algorithm} does "
            f"not say what it expects to gain; these do: {', '.join(able) or 'none'}"
        )
    if config.front is not None:
        _given_front(config.front, ground)
    if config.workload.file is not None:
        read_workload(config.workload.file, config.workload.network)


def search_algorithm(config: Config) -> Algorithm:
    """The search algorithm with its options.

    Raises:
        ConfigurationError: it has no such option, or the option another type.
    """
    asked = config.search
    algorithm = search.build(asked.algorithm, **asked.options)
    try:
        msgspec.convert(asked.options, type(algorithm))
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"search.options={asked.options}: {error}") from error
    return algorithm


def budget_of(config: Config) -> Budget:
    """When the search ends; a number of trials replaces the fraction, the grid needs neither."""
    asked = config.search
    whole = asked.trials is not None or asked.algorithm == "grid"
    return Budget(
        configurations=asked.trials,
        fraction=None if whole else asked.fraction,
        testbed_time_s=asked.testbed_time_s,
        min_gain=asked.min_gain,
    )


def _front(explored: Explored, ground: Ground) -> ParetoFront:
    return ParetoFront.build(
        explored.candidates,
        model=ground.network,
        last_split_point=ground.space.last_split_point,
        source=explored.measurements[0].source,
        cloud_only=ground.space.cloud_only,
        edge_only=ground.space.edge_only,
    )


def _given_front(path: str, ground: Ground) -> ParetoFront:
    """A front from a file, all of whose configurations this run's hosts can be set to."""
    front = ParetoFront.load(
        path, model=ground.network, last_split_point=ground.space.last_split_point
    )
    baselines = [s for s in (front.cloud_only, front.edge_only) if s is not None]
    for summary in (*front.summaries, *baselines):
        why = ground.space.explain(summary.configuration)
        if why:
            raise DataError(f"{path}: {summary.configuration} is not in this run's space: {why}")
    return front


def _policies(config: Config, front: ParetoFront) -> tuple[list[Policy], dict[str, str]]:
    """The policies that this front allows, and why others are left out."""
    reasons = policies.available(front)
    left_out = {name: why for name in config.policies if (why := reasons.get(name)) is not None}
    asked = [name for name in config.policies if name not in left_out]
    if not asked:
        raise ConfigurationError("; ".join(f"policy {n}: {why}" for n, why in left_out.items()))
    return [policies.build(name, front, **policy_options(config, name)) for name in asked], left_out


def policy_options(config: Config, name: str) -> dict[str, Any]:
    """The options that the configuration gives a policy."""
    given = config.policy
    if name != "dynasplit":
        return {}
    return {
        "quantile": given.quantile,
        "margin": given.margin,
        "energy_tolerance": given.energy_tolerance,
        "min_accuracy": given.min_accuracy,
    }


def _requests(
    config: Config, ground: Ground, front: ParetoFront, measured: Sequence[Measurement]
) -> list[Request]:
    asked = config.workload
    if asked.file is not None:
        return read_workload(asked.file, asked.network).requests()[: asked.requests]
    assert asked.requests is not None
    known = ground.latencies_ms or [m.latency_ms for m in measured]
    known = known or [s.latency_ms for s in front.summaries]
    low = asked.min_ms if asked.min_ms is not None else min(known)
    high = asked.max_ms if asked.max_ms is not None else max(known)
    return weibull_requests(asked.requests, ground.network, low, high, asked.shape, config.seed)

"""The offline and the online phase of a run, on whatever testbed it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dynasplit.app.setup.run_inputs import OnlineInputs, RunInputs, TestbedInputs
from dynasplit.audit import audit_live
from dynasplit.core.errors import ConfigurationError, DataError
from dynasplit.core.events import Subscriber, nobody
from dynasplit.core.grouped import by_configuration
from dynasplit.core.measurement import ServingTestbed, summarise
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.study import Audit, OfflineResult, OfflineSettings, search_front
from dynasplit.online import policies, workloads
from dynasplit.online.metered import Metered
from dynasplit.online.policies import Policy
from dynasplit.online.requests import Requests
from dynasplit.online.serve import serve
from dynasplit.online.workload import Thresholds, requests_of
from dynasplit.online.workloads import Known, Order
from dynasplit.run.journal import Journal


@dataclass(frozen=True)
class Session:
    """The open resources of one run: testbed, journal, subscriber, storage.

    Attributes:
        testbed: measures.
        journal: keeps what is finished.
        subscriber: follows what happens.
        storage: file of the durable study; None: in memory.
        online: identity of the online phase, by which the journal tells its requests.
        audit: names what is doubtful about a measurement of the search, which is then repeated.
    """

    testbed: ServingTestbed
    journal: Journal
    subscriber: Subscriber = nobody
    storage: Path | None = None
    online: str = ""
    audit: Audit | None = audit_live


@dataclass(frozen=True)
class OnlineResult:
    """The requests as they were served.

    Attributes:
        policies: those that served. left_out: why each of the others could not.
        served: by request, then by policy.
        workload: kind, number and words of the requests.
    """

    policies: Sequence[Policy]
    left_out: Mapping[str, str]
    served: Sequence[ServedRequest]
    workload: Mapping[str, Any]


@dataclass(frozen=True)
class RunResult:
    """The results of a run's phases.

    Attributes:
        offline: the search; None where a front was given.
        front: what the policies chose from.
        online: the requests as they were served.
    """

    offline: OfflineResult | None
    front: ParetoFront
    online: OnlineResult


def offline_phase(inputs: RunInputs, session: Session) -> OfflineResult | None:
    """Search the space for its front, and repeat what is on it; None where a front is given.

    Raises:
        DynaSplitError: the testbed failed; what is finished is kept.
    """
    if inputs.given_front is not None:
        return None
    settings = OfflineSettings(
        budget=inputs.offline.budget,
        network=inputs.testbed.network,
        seed=inputs.seed,
        storage=session.storage,
        front_repeats=inputs.offline.front_repeats,
        retry=inputs.retry,
        audit=session.audit,
    )
    return search_front(
        inputs.testbed.space,
        inputs.offline.algorithm,
        session.testbed,
        session.journal,
        settings,
        session.subscriber,
    )


def front_of(inputs: RunInputs, offline: OfflineResult | None) -> ParetoFront:
    """The front that the online phase starts from: the one given, else the one found."""
    if inputs.given_front is not None:
        return inputs.given_front
    assert offline is not None
    return offline.front


def online_phase(
    front: ParetoFront, inputs: RunInputs, session: Session, offline: OfflineResult | None = None
) -> OnlineResult:
    """Serve the requests from a front, by every policy that it allows.

    Args:
        front: what the policies choose from.
        inputs: the run's.
        session: likewise.
        offline: whose runs say what latencies are known, where neither a profile nor a table does.

    Raises:
        ConfigurationError: the front allows no policy.
        DynaSplitError: a request cannot be served; what is finished is kept.
    """
    chosen, left_out = built_policies(inputs.online.policies, front)
    if not chosen:
        raise ConfigurationError("; ".join(f"policy {n}: {why}" for n, why in left_out.items()))
    asked, network = inputs.online, inputs.testbed.network
    known = known_latencies(inputs.testbed, front, offline)
    thresholds = thresholds_of(asked, known, inputs.seed, network)
    way = way_of(asked.serve, inputs.testbed.mode)
    served = serve(
        requests_of(thresholds, network),
        list(chosen.values()),
        session.testbed if way == "window" else _single(session, offline),
        session.journal,
        phase=session.online,
        retry=inputs.retry,
        subscriber=session.subscriber,
    )
    told = workload_block(asked.workload, thresholds, way)
    return OnlineResult(list(chosen.values()), left_out, served, told)


def built_policies(
    asked: Mapping[str, Mapping[str, Any]], front: ParetoFront
) -> tuple[dict[str, Policy], dict[str, str]]:
    """The policies that a front allows, by name, and why each of the others is left out.

    Args:
        asked: names to options.
        front: what they choose from.
    """
    reasons = policies.available(front)
    left_out = {name: why for name in asked if (why := reasons.get(name)) is not None}
    allowed = {name: options for name, options in asked.items() if name not in left_out}
    return {n: policies.build(n, front, **options) for n, options in allowed.items()}, left_out


def known_latencies(
    testbed: TestbedInputs, front: ParetoFront, offline: OfflineResult | None
) -> Known:
    """The latencies by which thresholds are drawn: of the profile or table, else of the search."""
    if testbed.latencies_ms:
        return Known.of(testbed.latencies_ms)
    if offline is None:
        return Known.of([s.latency_ms for s in front.summaries])
    return Known(
        medians_ms=[s.latency_ms for s in summarise(offline.measurements)],
        reference_ms=[m.latency_ms for m in offline.measurements],
    )


def thresholds_of(asked: OnlineInputs, known: Known, seed: int, network: str) -> Thresholds:
    """The requests' thresholds.

    Raises:
        ConfigurationError: an option is out of range. DataError: a file cannot be used.
    """
    order = Order(count=asked.requests, seed=seed, known=known, network=network)
    return workloads.build(asked.workload, order, **asked.workload_options)


def way_of(asked: str, mode: str | None) -> str:
    """How requests are served; where inferences overlap, none has a latency by itself."""
    return "window" if mode == "throughput" else asked


def _single(session: Session, offline: OfflineResult | None) -> Requests:
    """Requests by single inferences; what a given front's members draw is measured when needed."""
    known = by_configuration(offline.measurements if offline is not None else ())
    measure = partial(session.testbed.measure, stream="metered")
    return Requests(session.testbed, Metered(known, measure))


def workload_block(kind: str, thresholds: Thresholds, way: str) -> dict[str, Any]:
    """The workload's block of summary.json."""
    return {
        "kind": kind,
        "requests": thresholds.count,
        "words": thresholds.words,
        "serve": way,
    }


def check_front(front: ParetoFront, space: SearchSpace, path: str) -> None:
    """Refuse a front from a file that has configurations outside of the space.

    Raises:
        DataError: the first of them, and why.
    """
    baselines = [s for s in (front.cloud_only, front.edge_only) if s is not None]
    for summary in (*front.summaries, *baselines):
        why = space.explain(summary.configuration)
        if why:
            raise DataError(f"{path}: {summary.configuration} is not in this run's space: {why}")

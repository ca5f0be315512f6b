"""Serves each request by every policy, measuring each choice on the testbed.

Order: request by request, and within a request by every policy, so that a drift of the testbed
(temperature, network, other users) meets all policies alike; policy by policy would charge it to
whichever came last. To save reconfigurations, policies that choose the same for a request follow
each other, beginning with those that choose what is set already; apart from that the order
rotates from request to request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dynasplit.core.errors import ConfigurationError, ResultsError
from dynasplit.core.events import Answered, Finished, Remarked, Started, Subscriber, nobody
from dynasplit.core.measurement import Testbed
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.online.policies.base import Policy
from dynasplit.online.requests import Requests
from dynasplit.online.workload import Request
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy

__all__ = ["ServedRequest", "serve", "serving_order"]

Turn = tuple[Request, Policy, Configuration]
"""A request, who serves it, and with what."""


def serve(
    requests: Sequence[Request],
    policies: Sequence[Policy],
    testbed: Testbed,
    journal: Journal,
    *,
    phase: str = "",
    retry: RetryPolicy = RetryPolicy(),
    subscriber: Subscriber = nobody,
) -> list[ServedRequest]:
    """Serve each request by every policy; what the journal holds is not served again.

    Args:
        requests: the workload.
        policies: who choose.
        testbed: is set to each choice, and measures a window of inferences, or one of them
            (`requests.Requests`).
        journal: keeps each served request at once.
        phase: identity of this online phase; the journal may hold requests of others.
        retry: further attempts after an error that is transient.
        subscriber: follows what happens.

    Returns:
        What was served, by request, then by policy, in the orders given.

    Raises:
        ConfigurationError: two requests have the same index, or two policies the same name.
        DynaSplitError: a request cannot be served; what is finished is kept.
        ResultsError: the journal cannot be written, or holds another workload or other choices.
    """
    _check_distinct([r.index for r in requests], "requests with the index")
    _check_distinct([p.name for p in policies], "policies with the name")
    turns = list(serving_order(requests, policies))
    kept = {(s.request, s.policy): s for s in journal.served(phase)}
    for turn in turns:
        _check_kept(turn, kept.get((turn[0].index, turn[1].name)))
    left = [t for t in turns if (t[0].index, t[1].name) not in kept]
    own = {(request.index, policy.name) for request, policy, _ in left}
    subscriber(Started("online", len(turns), len(turns) - len(left)))

    def tell(text: str) -> None:
        subscriber(Remarked("online", text))

    if left and (before := turns.index(left[0])) and isinstance(testbed, Requests):
        # as the last one left it: else the first of this start alone would be after a switch
        _serve_one(turns[before - 1], testbed, retry, tell)
    for done, turn in enumerate(left, start=len(turns) - len(left) + 1):
        served = _serve_one(turn, testbed, retry, tell)
        journal.append_served(served, phase)
        subscriber(Answered(served, done, len(turns)))
        if isinstance(testbed, Requests):
            found = testbed.attribute(tell, at_end=done == len(turns))
            journal.append_attributions([a for a in found if (a.request, a.stream) in own], phase)
    subscriber(Finished("online", f"{len(turns)} requests are served"))
    kept = {(s.request, s.policy): s for s in journal.served(phase)}
    return [kept[r.index, p.name] for r in requests for p in policies]


def serving_order(requests: Sequence[Request], policies: Sequence[Policy]) -> Iterator[Turn]:
    """The order of requests and policies; see the module's docstring."""
    current: Configuration | None = None
    for place, request in enumerate(requests):
        start = place % max(1, len(policies))
        turns: dict[Configuration, list[Turn]] = {}
        for policy in (*policies[start:], *policies[:start]):
            choice = policy.choose(request.threshold_ms).configuration
            turns.setdefault(choice, []).append((request, policy, choice))
        for choice in sorted(turns, key=lambda c: c != current):
            yield from turns[choice]
            current = choice


def _serve_one(
    turn: Turn, testbed: Testbed, retry: RetryPolicy, tell: Callable[[str], None]
) -> ServedRequest:
    request, policy, choice = turn
    measurement = retry.measure(
        lambda: testbed.measure(choice, request=request.index, stream=policy.name), tell
    )
    return ServedRequest(
        request=request.index,
        network=request.network,
        policy=policy.name,
        threshold_ms=request.threshold_ms,
        measurement=replace(measurement, inference_ms=()),
        infeasible=request.threshold_ms < policy.feasible_above_ms,
    )


def _check_kept(turn: Turn, kept: ServedRequest | None) -> None:
    request, policy, choice = turn
    if kept is None:
        return
    found = (kept.network, kept.threshold_ms, kept.measurement.configuration)
    if found != (request.network, request.threshold_ms, choice):
        raise ResultsError(
            f"request {request.index}, policy {policy.name}: the journal has it served with "
            f"{found[2]} for {found[0]} within {found[1]:g} ms; this run asks for {choice} for "
            f"{request.network} within {request.threshold_ms:g} ms. Start anew"
        )


def _check_distinct(values: Sequence[object], what: str) -> None:
    twice = [v for v in dict.fromkeys(values) if values.count(v) > 1]
    if twice:
        raise ConfigurationError(f"several {what} {', '.join(map(str, twice))}; allowed: one each")

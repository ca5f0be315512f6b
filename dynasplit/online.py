"""The online phase: each request by every policy, really measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dynasplit.events import Subscriber, nobody
from dynasplit.journal import Journal
from dynasplit.measurement import Summary, Testbed
from dynasplit.served import Served


class Request(Protocol):
    """What is served (`dynasplit.workload.Request` is one)."""

    @property
    def index(self) -> int: ...
    @property
    def network(self) -> str: ...
    @property
    def threshold_ms(self) -> float: ...


class Policy(Protocol):
    """Who chooses (`dynasplit.policies` holds them)."""

    def choose(self, threshold_ms: float) -> Summary:
        """The configuration to serve a request with, as summarised on the front."""
        ...


def serve(
    requests: Sequence[Request],
    policies: Mapping[str, Policy],
    testbed: Testbed,
    journal: Journal,
    *,
    fastest_ms: float | None = None,
    retries: int = 2,
    retry_wait_s: float = 1.0,
    subscriber: Subscriber = nobody,
) -> list[Served]:
    """Serve each request by every policy; what the journal holds is not served again."""
    raise NotImplementedError

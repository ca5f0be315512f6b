"""Retries of measurements after transient errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from dynasplit.core.errors import DynaSplitError, HostUnreachable

T = TypeVar("T")

if TYPE_CHECKING:
    import tenacity

_LONGEST_WAIT_S = 30.0
_LONGEST_WAIT_FOR_LINK_S = 2.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The retry policy of measurements: attempts, and waits between them.

    Attributes:
        retries: further attempts after the first; only errors that are transient get any.
        wait_s: before the first retry, in wall-clock seconds; doubles with each, up to 30, or up
            to 2 where a host does not answer: to ask whether it is back costs nothing.
        outage_s: how long a host, or the link between the two, may be gone, whatever the number
            of attempts.
    """

    retries: int = 2
    wait_s: float = 1.0
    outage_s: float = 0.0

    def measure(
        self,
        once: Callable[[], T],
        tell: Callable[[str], None] | None = None,
        again: Callable[[DynaSplitError], None] | None = None,
    ) -> T:
        """Measure, trying again after transient errors.

        Args:
            once: one attempt.
            tell: is told when a host, or the link between the two, is found to be gone.
            again: is told of each other error after which it is tried again.

        Raises:
            DynaSplitError: the last attempt's error, or the first that is not transient.
        """
        import tenacity

        bounds = _Bounds(self, tell)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_transient),
            stop=bounds.are_reached,
            wait=bounds.wait_s,
            before_sleep=None if again is None else partial(_tell_again, again),
            reraise=True,
        )
        return retrying(once)


class _Bounds:
    """How far the attempts of one measurement have come."""

    def __init__(self, policy: RetryPolicy, tell: Callable[[str], None] | None) -> None:
        self._policy, self._tell = policy, tell
        self._gone_since_s: float | None = None
        self._others = self._gone = 0

    def are_reached(self, state: tenacity.RetryCallState) -> bool:
        """Whether the last attempt was the last one."""
        if not _is_gone(state):
            self._gone_since_s, self._gone = None, 0
            self._others += 1
            return self._others > self._policy.retries
        began = self._gone_since_s is None
        if self._gone_since_s is None:
            self._gone_since_s = time.monotonic()
        self._gone += 1
        gone_s = time.monotonic() - self._gone_since_s
        reached = state.attempt_number > self._policy.retries and gone_s >= self._policy.outage_s
        if began and not reached and self._tell is not None and state.outcome is not None:
            self._tell(f"{state.outcome.exception()}. {self._patience()}")
        return reached

    def _patience(self) -> str:
        """How long it is waited for, in words."""
        times = f"{self._policy.retries} times" if self._policy.retries != 1 else "once"
        for_s = f", and for {self._policy.outage_s:g} s" if self._policy.outage_s else ""
        return f"It is tried again, {times}{for_s} at least"

    def wait_s(self, state: tenacity.RetryCallState) -> float:
        """Before the next attempt."""
        gone = _is_gone(state)
        longest_s = _LONGEST_WAIT_FOR_LINK_S if gone else _LONGEST_WAIT_S
        earlier = (self._gone if gone else self._others) - 1
        return float(min(self._policy.wait_s * 2 ** min(earlier, 20), longest_s))


def _tell_again(again: Callable[[DynaSplitError], None], state: tenacity.RetryCallState) -> None:
    error = None if state.outcome is None else state.outcome.exception()
    if isinstance(error, DynaSplitError) and not _is_gone(state):
        again(error)


def _is_gone(state: tenacity.RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), HostUnreachable)


def is_transient(error: BaseException) -> bool:
    """True if the error's type is transient."""
    return isinstance(error, DynaSplitError) and error.transient

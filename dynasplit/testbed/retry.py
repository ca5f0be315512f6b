"""Retries of measurements after transient errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dynasplit.core.errors import DynaSplitError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The retry policy of measurements: attempts, and waits between them.

    Attributes:
        retries: further attempts after the first; only errors that are transient get any.
        wait_s: before the first retry, in wall-clock seconds; doubles with each, up to 30.
    """

    retries: int = 2
    wait_s: float = 1.0

    def measure(self, once: Callable[[], T]) -> T:
        """Measure, trying again after transient errors.

        Raises:
            DynaSplitError: the last attempt's error, or the first that is not transient.
        """
        import tenacity

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_transient),
            stop=tenacity.stop_after_attempt(self.retries + 1),
            wait=tenacity.wait_exponential(multiplier=self.wait_s, max=30.0),
            reraise=True,
        )
        return retrying(once)


def is_transient(error: BaseException) -> bool:
    """True if the error's type is transient."""
    return isinstance(error, DynaSplitError) and error.transient

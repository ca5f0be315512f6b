"""The base of policies."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from dynasplit.core.measurement import Summary


class Policy(Protocol):
    """Chooses a configuration for each request."""

    @property
    def name(self) -> str:
        """Of its file."""
        ...

    @property
    def choices(self) -> tuple[Summary, ...]:
        """The summaries that the policy may choose."""
        ...

    @property
    def feasible_above_ms(self) -> float:
        """The least latency known of any configuration that might be chosen.

        A threshold below it is infeasible, and served best effort.
        """
        ...

    def choose(self, threshold_ms: float) -> Summary:
        """The choice for a request that allows this latency."""
        ...

    def choose_many(self, thresholds_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """The choices for many requests (n,), as positions (n,) in `choices`."""
        ...

"""The budget of a search: configurations, testbed time, least gain."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.space import SearchSpace


@dataclass(frozen=True, slots=True)
class Budget:
    """When a search stops: at the first of these that is reached; None does not limit.

    Attributes:
        configurations: distinct configurations, seeded corners included.
        fraction: the same as a share of the space, rounded up.
        testbed_time_s: time spent on the testbed, reconfiguration and warm-up included.
        min_gain: stop when the expected gain stays below it for three suggestions in a row (see
            `Suggestion.expected_gain`).
    """

    configurations: int | None = None
    fraction: float | None = None
    testbed_time_s: float | None = None
    min_gain: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not value > 0:
                raise ConfigurationError(f"search budget {name}={value}; allowed: above 0")
        if self.fraction is not None and self.fraction > 1:
            raise ConfigurationError(f"search budget fraction={self.fraction}; allowed: 0 to 1")

    def limit(self, space: SearchSpace) -> int:
        """The number of distinct configurations of a space that may be measured."""
        limits = [len(space)]
        if self.configurations is not None:
            limits.append(self.configurations)
        if self.fraction is not None:
            limits.append(math.ceil(round(self.fraction * len(space), 6)))
        return min(limits)

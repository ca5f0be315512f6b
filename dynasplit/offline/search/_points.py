"""The Optuna sampler for algorithms of this project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from dynasplit.offline.search._progress import Progress, Suggestion


class PointSampler(BaseSampler):
    """Samples every parameter from one suggested configuration; made anew for each ask.

    Attributes:
        expected_gain: what the suggestion states; None before the ask, and if it states none.
    """

    def __init__(self, suggest: Callable[[Progress], Suggestion], progress: Progress) -> None:
        self.expected_gain: float | None = None
        self._suggest = suggest
        self._progress = progress
        self._point: dict[str, Any] | None = None

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: parameters are sampled one by one, so a fixed trial costs no suggestion."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing; see `infer_relative_search_space`."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The parameter's value in the suggested configuration."""
        if self._point is None:
            suggestion = self._suggest(self._progress)
            self._point = suggestion.configuration.as_dict()
            self.expected_gain = suggestion.expected_gain
        return self._point[param_name]

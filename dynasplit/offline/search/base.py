"""The base of search algorithms: suggest the next configuration from seed and progress."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, ClassVar

from dynasplit.offline.search._progress import Progress, Suggestion

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study


__all__ = ["Algorithm", "Progress", "Suggestion"]


class Algorithm(ABC):
    """One way to search; subclasses are frozen dataclasses whose fields are its options.

    An algorithm of our own overrides `suggest`; one that Optuna has overrides `sampler`.

    Attributes:
        name: the name of its file, and of its option in the config group `search`.
        seeds_corners: the space's corners are measured first and count in the budget.
        repairs: a point of the full product is repaired to the nearest valid configuration, and
            a repeated one is told its known values; otherwise both are pruned.
        states_gain: its suggestions state an expected gain, so that a search can stop by it.
        patience: after so many asks in a row without a new configuration, one is drawn at random.
    """

    name: ClassVar[str]
    seeds_corners: ClassVar[bool] = True
    repairs: ClassVar[bool] = True
    states_gain: ClassVar[bool] = False
    patience: ClassVar[int] = 30

    def suggest(self, progress: Progress) -> Suggestion:
        """The next configuration, from `progress` alone (`progress.unmeasured` is not empty)."""
        raise NotImplementedError(f"search {self.name} suggests through its sampler")

    def sampler(self, progress: Progress, study: Study) -> BaseSampler:
        """A fresh Optuna sampler for one ask; what it draws follows from `progress` alone.

        Args:
            progress: what is finished so far.
            study: the trials finished so far, with their objective values.
        """
        from dynasplit.offline.search._points import PointSampler

        return PointSampler(self.suggest, progress)

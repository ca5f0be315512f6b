"""Optuna's multi-objective TPE over all parameters jointly, repaired, its corners seeded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dynasplit.offline.search.base import Algorithm, Progress

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study


@dataclass(frozen=True)
class Tpe(Algorithm):
    """Ozaki and others' multi-objective TPE (doi:10.1613/jair.1.13188).

    Attributes:
        startup: trials before it models anything, corners included.
    """

    name: ClassVar[str] = "tpe"
    # It repeats itself often, and each ask is slow.
    patience: ClassVar[int] = 10
    startup: int = 10

    def sampler(self, progress: Progress, study: Study) -> BaseSampler:
        """A fresh sampler; it keeps nothing between asks."""
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import TPESampler

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(
                seed=progress.draw_seed(),
                n_startup_trials=self.startup,
                multivariate=True,
                constant_liar=False,
            )

"""NSGA-III of Optuna, repaired, its repeats answered from what is known, its corners seeded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dynasplit.offline.search.base import Algorithm, Progress

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler, NSGAIIISampler
    from optuna.study import Study


@dataclass(frozen=True)
class Nsga3(Algorithm):
    """Deb and Jain's NSGA-III (doi:10.1109/TEVC.2013.2281535).

    Attributes:
        population_size: trials in a generation; small, since budgets are some hundred trials.
    """

    name: ClassVar[str] = "nsga3"
    population_size: int = 30

    def sampler(self, progress: Progress, study: Study) -> BaseSampler:
        """A fresh sampler; see `dynasplit.search._genetic.prepared`."""
        from dynasplit.offline.search._genetic import prepared

        seed = progress.draw_seed()
        return prepared(lambda: fresh(seed, self.population_size), self.population_size, study)


def fresh(seed: int, population_size: int) -> NSGAIIISampler:
    """A seeded sampler, without Optuna's warning that it is experimental."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import NSGAIIISampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return NSGAIIISampler(seed=seed, population_size=population_size)

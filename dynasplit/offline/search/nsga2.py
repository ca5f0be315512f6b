"""NSGA-II of Optuna, repaired, its repeats answered from what is known, its corners seeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dynasplit.offline.search.base import Algorithm, Progress

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study


@dataclass(frozen=True)
class Nsga2(Algorithm):
    """Deb and others' NSGA-II (doi:10.1109/4235.996017).

    Attributes:
        population_size: trials in a generation; small, since budgets are some hundred trials.
    """

    name: ClassVar[str] = "nsga2"
    population_size: int = 30

    def sampler(self, progress: Progress, study: Study) -> BaseSampler:
        """A fresh sampler; see `dynasplit.search._genetic.prepared`."""
        from optuna.samplers import NSGAIISampler

        from dynasplit.offline.search._genetic import prepared

        seed, size = progress.draw_seed(), self.population_size
        return prepared(lambda: NSGAIISampler(seed=seed, population_size=size), size, study)

"""NSGA-III as the reference system uses it, for comparison.

It suggests from the full product; what is invalid or repeated is pruned; nothing is seeded
(source: the published code of arXiv 2410.23881).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dynasplit.offline.search.base import Algorithm, Progress
from dynasplit.offline.search.nsga3 import fresh

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study


@dataclass(frozen=True)
class Nsga3Reference(Algorithm):
    """NSGA-III without repair, cache and corners.

    Attributes:
        population_size: trials in a generation; pruned ones do not count.
    """

    name: ClassVar[str] = "nsga3_reference"
    seeds_corners: ClassVar[bool] = False
    repairs: ClassVar[bool] = False
    # The reference asks on and on; this only ends a search that would never end.
    patience: ClassVar[int] = 1000
    population_size: int = 50

    def sampler(self, progress: Progress, study: Study) -> BaseSampler:
        """A fresh sampler; see `dynasplit.search._genetic.prepared`."""
        from dynasplit.offline.search._genetic import prepared

        seed = progress.draw_seed()
        return prepared(lambda: fresh(seed, self.population_size), self.population_size, study)

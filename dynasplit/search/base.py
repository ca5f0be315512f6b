"""What a search algorithm is: the next configuration, from the seed and what is finished."""

from __future__ import annotations

import hashlib
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from dynasplit.measurement import Measurement
from dynasplit.space import Configuration, SearchSpace

if TYPE_CHECKING:
    import numpy as np
    from optuna.samplers import BaseSampler
    from optuna.study import Study


@dataclass(frozen=True)
class Progress:
    """All that a suggestion may depend on, so that an interrupted search goes on the same.

    Attributes:
        space: the valid configurations.
        seed: of the whole search.
        finished: trials finished so far, repeated, pruned and failed ones included.
        history: the runs that the search has seen, in their order; mostly one a configuration,
            more where a run was doubtful.
        failed: configurations that could not be measured.
    """

    space: SearchSpace
    seed: int
    finished: int = 0
    history: Sequence[Measurement] = ()
    failed: frozenset[Configuration] = frozenset()

    @cached_property
    def measured(self) -> frozenset[Configuration]:
        """The distinct configurations of the history."""
        return frozenset(m.configuration for m in self.history)

    @cached_property
    def unmeasured(self) -> tuple[Configuration, ...]:
        """What is left to measure, in the order of the space."""
        done = self.measured | self.failed
        return tuple(c for c in self.space.configurations if c not in done)

    def draw_seed(self, purpose: str = "") -> int:
        """A seed (32 bit) that depends on `seed`, `finished` and the purpose alone."""
        key = f"{self.seed}|{self.finished}|{purpose}".encode()
        return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "little")

    def random(self, purpose: str = "") -> np.random.Generator:
        """A generator seeded with `draw_seed`."""
        import numpy as np

        return np.random.default_rng(self.draw_seed(purpose))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to measure next.

    Attributes:
        configuration: a valid one.
        expected_gain: the hypervolume that measuring it is expected to add, as a share of the
            hypervolume reached; None if the algorithm cannot say.
    """

    configuration: Configuration
    expected_gain: float | None = None


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
        from dynasplit.search._points import PointSampler

        return PointSampler(self.suggest, progress)

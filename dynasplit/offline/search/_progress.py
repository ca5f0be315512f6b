"""The progress of a search, and the suggestion made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, SearchSpace

if TYPE_CHECKING:
    import numpy as np


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
        """The configurations left to measure, in the order of the space."""
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
    """The configuration to measure next, with its expected gain.

    Attributes:
        configuration: a valid one.
        expected_gain: the hypervolume that measuring it is expected to add, as a share of the
            hypervolume reached; None if the algorithm cannot say.
    """

    configuration: Configuration
    expected_gain: float | None = None

"""Surrogate search: corners first, then the greatest expected gain under a structured surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.space import SearchSpace
from dynasplit.front.dominance import REFERENCE, non_dominated, objectives
from dynasplit.offline.search.base import Algorithm, Progress, Suggestion

# Of what is about as good, extreme knob values come first, since they show best how a time
# follows a frequency and are where fronts of monotone times lie; then the seed decides.
_EXTREMES, _WOBBLE = 0.5, 0.1

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dynasplit.offline.surrogate.posterior import Posterior, SurrogateModel


@dataclass(frozen=True)
class Structured(Algorithm):
    """Expected gain in hypervolume under a surrogate with the testbed's known structure.

    Latency is edge(split point, edge knobs) + transfer(split point) + cloud(split point, cloud
    knobs), energy is power times time, quality follows from split point and accelerator. What
    each part looks like, and how sure that is, comes from the measurements alone.
    """

    name: ClassVar[str] = "structured"
    states_gain: ClassVar[bool] = True

    def suggest(self, progress: Progress) -> Suggestion:
        """The configuration with the greatest expected gain."""
        import numpy as np
        from threadpoolctl import threadpool_limits

        if not progress.history:
            left = progress.unmeasured
            return Suggestion(left[progress.random("first").integers(len(left))])
        # matrices this small are slower on several threads
        with threadpool_limits(1, user_api="blas"):
            posterior = _surrogate(progress.space).posterior(progress.history)
        gains, reached = gains_of(posterior, progress.history)
        done = progress.measured | progress.failed
        left_mask = np.array([c not in done for c in progress.space.configurations])
        preference = 1 + _EXTREMES * _extremes(progress.space)
        preference *= np.exp(_WOBBLE * progress.random("wobble").standard_normal(len(gains)))
        best = int(np.where(left_mask, gains * preference, -1.0).argmax())
        return Suggestion(progress.space.configurations[best], float(gains[best]) / reached)


@lru_cache(maxsize=2)
def _surrogate(space: SearchSpace) -> SurrogateModel:
    from dynasplit.offline.surrogate.posterior import SurrogateModel

    return SurrogateModel(space)


@lru_cache(maxsize=2)
def _extremes(space: SearchSpace) -> npt.NDArray[np.float64]:
    """The extremeness of each configuration's numeric knobs (c,), from 0 to 1."""
    import numpy as np

    from dynasplit.offline.surrogate.cells import Cells

    cells = Cells.build(space, ["edge", "cloud", "link"])
    if not cells.numbers:
        return np.zeros(len(space))
    offsets = [np.abs(number - (number.max() + number.min()) / 2) for number in cells.numbers]
    spans = [max(float(offset.max()), 1e-12) for offset in offsets]
    extreme = np.mean([o / s for o, s in zip(offsets, spans, strict=True)], axis=0)
    return np.asarray(extreme[cells.of])


def gains_of(
    posterior: Posterior, history: Sequence[Measurement]
) -> tuple[npt.NDArray[np.float64], float]:
    """Each configuration's expected gain (c,), and the hypervolume reached, in the same units."""
    import moocore
    import numpy as np

    from dynasplit.offline.surrogate.gain import expected_gain, lognormal_below, normal_below

    points = objectives(summarise(history))
    front = points[non_dominated(points)]
    # what is predicted to be on the front may lie beyond all that is: it must count
    both = np.concatenate([front, posterior.expected()])
    ahead = both[non_dominated(both)]
    best, worst = ahead.min(axis=0), np.maximum(ahead.max(axis=0), front.max(axis=0))
    span = np.where(worst > best, worst - best, np.maximum(np.abs(best), 1e-9))
    reference = best + REFERENCE * span
    below = [lognormal_below(posterior.latency.mean, posterior.latency.sd)]
    if posterior.energy is not None:
        below.append(lognormal_below(posterior.energy.mean, posterior.energy.sd))
    if posterior.quality is not None:
        below.append(normal_below(-posterior.quality.mean, posterior.quality.sd))
    gains = expected_gain(front, reference, below)
    reached = float(moocore.hypervolume(front, ref=reference))
    return gains, reached

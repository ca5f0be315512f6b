"""The options of `policy`: how the policy `dynasplit` chooses."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    option,
    share,
    within,
)

_SUCCESSORS = (
    "policy.max_accuracy_loss=1 in its place, in points below cloud_only; where fidelity was "
    "measured, policy.min_fidelity=.9"
)


def _is_of_points(value: float) -> bool:
    return 0 <= value <= 100


@dataclass
class PolicyConf:
    """Options of the policy `dynasplit`.

    Attributes:
        quantile: share of the repeats that must be within the threshold (0.5: their median).
        energy_tolerance: what needs at most this share more than the least energy is as good;
            of it, the fastest is taken.
        margin: share by which the threshold must exceed that latency.
        max_accuracy_loss: what loses more points of accuracy against cloud_only, with the whole
            95 % interval, is not chosen; None: accuracy excludes nothing.
        min_fidelity: least fidelity of what is chosen; None: fidelity excludes nothing.
        min_accuracy: as it was called before; refused.
    """

    quantile: float = option(0.5, share())
    energy_tolerance: float = option(0.01, share(one=False))
    margin: float = option(0.0, within("from 0, below 10 (a share)", lambda v: 0 <= v < 10))
    max_accuracy_loss: float | None = option(1.0, within("0 to 100 (points)", _is_of_points))
    min_fidelity: float | None = option(None, share())
    min_accuracy: float | None = option(None, within(_SUCCESSORS, lambda _: False))

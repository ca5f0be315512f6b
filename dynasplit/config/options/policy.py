"""The options of `policy`: how the policy `dynasplit` chooses."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    option,
    share,
    within,
)


@dataclass
class PolicyConf:
    """Options of the policy `dynasplit`.

    Attributes:
        quantile: share of the repeats that must be within the threshold (0.5: their median).
        energy_tolerance: what needs at most this share more than the least energy is as good;
            of it, the fastest is taken.
        margin: share by which the threshold must exceed that latency.
        min_accuracy: least accuracy (or fidelity) of what is chosen.
    """

    quantile: float = option(0.5, share())
    energy_tolerance: float = option(0.01, share(one=False))
    margin: float = option(0.0, within("from 0, below 10 (a share)", lambda v: 0 <= v < 10))
    min_accuracy: float | None = option(None, share())

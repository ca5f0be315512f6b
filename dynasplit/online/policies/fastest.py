"""Always the front's fastest configuration."""

from __future__ import annotations

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies.base import Policy, single


def build(front: ParetoFront) -> Policy:
    """The policy on a front."""
    return single("fastest", front.summaries[0], front.fastest_ms)

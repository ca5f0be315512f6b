"""Always the front's fastest configuration."""

from __future__ import annotations

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies._staircase import single
from dynasplit.online.policies.base import Policy


def build(front: ParetoFront) -> Policy:
    """The policy on a front."""
    return single("fastest", front.summaries[0], front.fastest_ms)

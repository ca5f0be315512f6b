"""Always the front's configuration of least energy."""

from __future__ import annotations

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies._staircase import energy_j, single
from dynasplit.online.policies.base import Policy


def build(front: ParetoFront) -> Policy:
    """The policy on a front.

    Raises:
        ConfigurationError: energy was not measured.
    """
    return single("least_energy", min(front.summaries, key=energy_j), front.fastest_ms)

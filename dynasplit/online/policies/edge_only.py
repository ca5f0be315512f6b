"""The edge-only baseline: the last split point, every knob at its fastest."""

from __future__ import annotations

from dynasplit.core.errors import ConfigurationError
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies._staircase import single
from dynasplit.online.policies.base import Policy


def build(front: ParetoFront) -> Policy:
    """The policy on a front.

    Raises:
        ConfigurationError: the baseline was not measured.
    """
    if front.edge_only is None:
        raise ConfigurationError(
            "policy edge_only needs a measured configuration at the last split point; "
            "the front has none"
        )
    return single("edge_only", front.edge_only, front.fastest_ms)

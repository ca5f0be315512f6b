"""The cloud-only baseline: split point 0, every knob at its fastest."""

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
    if front.cloud_only is None:
        raise ConfigurationError(
            "policy cloud_only needs a measured configuration at split point 0; the front has none"
        )
    return single("cloud_only", front.cloud_only, front.fastest_ms)

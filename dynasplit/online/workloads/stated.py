"""Thresholds that are stated one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynasplit.core.errors import ConfigurationError
from dynasplit.online.workload import Workload
from dynasplit.online.workloads.base import Order


def build(order: Order, *, thresholds_ms: Sequence[float]) -> Workload:
    """The thresholds in their order, at most as many as are asked for.

    Raises:
        ConfigurationError: there is none, or one is not above 0.
    """
    values = np.array(thresholds_ms, dtype=np.float64).reshape(-1)
    if not len(values) or not ((values > 0) & np.isfinite(values)).all():
        raise ConfigurationError(
            f"workload.thresholds_ms={list(thresholds_ms)}; allowed: at least one, each above 0"
        )
    whole = Workload(np.arange(len(values)), values, order.network, "stated one by one")
    return whole.first(order.count)

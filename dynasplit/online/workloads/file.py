"""Thresholds of a file with the columns Index, Network and Latency."""

from __future__ import annotations

from dynasplit.online.workload import Workload, read_workload
from dynasplit.online.workloads.base import Order


def build(order: Order, *, file: str, network: str | None = None) -> Workload:
    """The file's requests in their order, at most as many as are asked for.

    Raises:
        DataError: it cannot be used.
    """
    return read_workload(file, network).first(order.count)

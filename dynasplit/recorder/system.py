"""Figures of the controller itself: its processors, memory, disks and network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any


class SystemFigures:
    """Read by MLflow's own monitors, between measured windows and never in the midst of one."""

    def now(self) -> Mapping[str, float]:
        """Each figure by the name that MLflow's page of system metrics knows."""
        found: dict[str, float] = {}
        for monitor in self._monitors:
            monitor.collect_metrics()
            found |= {f"system/{n}": float(v) for n, v in monitor.aggregate_metrics().items()}
            monitor.clear_metrics()
        return found

    @cached_property
    def _monitors(self) -> list[Any]:
        from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
        from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
        from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

        kinds: tuple[Any, ...] = (CPUMonitor, DiskMonitor, NetworkMonitor)
        return [kind() for kind in kinds]

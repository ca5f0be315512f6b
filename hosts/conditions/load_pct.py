"""The CPU load of a host, all its programs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.conditions.base import Condition

if TYPE_CHECKING:
    from hosts.machine.base import Machine


class LoadPct(Condition):
    """The busy share of all CPUs since the last look: over the window and what led to it."""

    name = "load_pct"
    unit = "%"
    where = "hosts"
    meaning = "busy share of all CPUs since the window before"

    def read(self, machine: Machine) -> float | None:
        """In %; None on a board, which computes nothing by itself."""
        if machine.emulated:
            return None
        import psutil

        return float(psutil.cpu_percent(interval=None))

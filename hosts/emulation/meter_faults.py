"""Faults of an emulated board's meter: for tests of what is said of such meters."""

from __future__ import annotations

from hosts.core.errors import MeterError
from hosts.emulation import calls
from hosts.emulation.client import BoardClient

FAULTS = ("frozen", "lagging", "swapped", "shared")


class MeterFault:
    """What is wrong with a meter.

    Attributes:
        name: `frozen` (always its first reading), `lagging` (late by `lag_s`), `swapped` (it
            stands at the other board), `shared` (it stands before both boards).
    """

    def __init__(self, name: str, lag_s: float, other: BoardClient) -> None:
        if name not in FAULTS:
            raise MeterError(f"fault={name}; allowed: {', '.join(FAULTS)}")
        self.name = f"{name} by {lag_s:g} s" if name == "lagging" else name
        self._kind, self._lag_ns, self._other = name, round(lag_s * 1e9), other
        self._first_w: float | None = None

    @property
    def stands_elsewhere(self) -> bool:
        """True if its readings are those of the other board's meter."""
        return self._kind == "swapped"

    def readings(self, fresh: list[tuple[int, float]], period_s: float) -> list[tuple[int, float]]:
        """What it says in place of these readings of its board."""
        if self._kind == "lagging":
            return [(time_ns + self._lag_ns, watts) for time_ns, watts in fresh]
        if self._kind == "frozen":
            if self._first_w is None and fresh:
                self._first_w = fresh[0][1]
            return [(time_ns, self._first_w or 0.0) for time_ns, _ in fresh]
        if self._kind == "shared":
            return [(at_ns, watts + self._other_w(at_ns, period_s)) for at_ns, watts in fresh]
        return fresh

    def _other_w(self, middle_ns: int, period_s: float) -> float:
        """The other board's mean power over a period; its time goes on to the period's end."""
        half_ns = round(period_s * 5e8)
        start_ns, end_ns = middle_ns - half_ns, middle_ns + half_ns
        self._other.ask(calls.Now(board_ns=end_ns))
        energy_j = self._other.ask(calls.Exact(start_ns=start_ns, end_ns=end_ns)).joules or 0.0
        return energy_j * 1e9 / (end_ns - start_ns)

"""A CPU that grows hot under load, and is slowed down."""

from __future__ import annotations

from hosts.emulation.faults.base import FrequencyFault, Parameter

_COOLS = 0.25
"""Seconds of load that a second of rest makes good."""
_HYSTERESIS = 0.5
"""Share of the load time to which it must cool before it is fast again."""


class Throttling(FrequencyFault):
    """Load is summed up, rest takes a quarter of its time off; above `load_s` it is throttled.

    It is told as on a Raspberry Pi: by the current frequency, and by the firmware's flags.
    """

    name = "throttling"
    meaning = "the CPU is slowed down once it has computed for load_s, until it has cooled"
    parameters = (
        Parameter("mhz", 1000, 10, 20_000, "the highest frequency while it is throttled"),
        Parameter("load_s", 10.0, 0.0, 1e6, "seconds of load until it is; 0: from the first on"),
    )
    excludes = "throttling"

    def begin(self, mhz: float) -> None:
        """It is cool."""
        super().begin(mhz)
        self._load_ns, self.is_throttled, self.was_throttled = 0.0, False, False

    def passes(self, start_ns: int, end_ns: int, busy: bool) -> None:
        """Warm up, or cool down."""
        if not self.acts(start_ns):
            self._load_ns, self.is_throttled = 0.0, False
            return
        passed_ns, limit_ns = end_ns - start_ns, self.ns("load_s")
        self._load_ns += passed_ns if busy else -_COOLS * passed_ns
        self._load_ns = min(max(self._load_ns, 0.0), limit_ns)
        if self._load_ns >= limit_ns:
            self.is_throttled = True
        elif self._load_ns <= limit_ns * _HYSTERESIS:
            self.is_throttled = False
        self.was_throttled = self.was_throttled or self.is_throttled

    def next_change_ns(self, at_ns: int, busy: bool) -> int | None:
        """As any fault, or when it is warm or cool."""
        change_ns, limit_ns = super().next_change_ns(at_ns, busy), self.ns("load_s")
        left_ns = (
            limit_ns - self._load_ns if busy else (self._load_ns - limit_ns * _HYSTERESIS) / _COOLS
        )
        if not self.acts(at_ns) or self.is_throttled == busy or left_ns <= 0:
            return change_ns
        turns_ns = at_ns + max(1, round(left_ns))
        return turns_ns if change_ns is None else min(turns_ns, change_ns)

    def bent_mhz(self, at_ns: int) -> float:
        """What was set, up to the limit."""
        hot = self.is_throttled or self.values["load_s"] == 0
        return min(self.set_mhz, self.number("mhz")) if hot else self.set_mhz

    def flags(self, at_ns: int) -> int:
        """As `vcgencmd get_throttled`: bits 1 and 2 now, 17 and 18 since it was switched on."""
        now = self.acts(at_ns) and (self.is_throttled or self.values["load_s"] == 0)
        self.was_throttled = self.was_throttled or now
        return (0x6 if now else 0) | (0x60000 if self.was_throttled else 0)

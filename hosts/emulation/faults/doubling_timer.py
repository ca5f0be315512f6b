"""A loader that looks for its result at the steps of a doubling timer."""

from __future__ import annotations

from hosts.emulation.faults.base import Asked, Parameter, TimerFault


class DoublingTimer(TimerFault):
    """Seen from its start, an inference ends at the next of step_ms, 2 step_ms, 4 step_ms, ...

    A board does not know which inference is the last of a window: `every` stands for that.
    """

    name = "doubling_timer"
    meaning = "the result is noticed at the next step of a timer that doubles from the start on"
    parameters = (
        Parameter("step_ms", 50.0, 0.001, 1e6, "the first step"),
        Parameter("every", 1, 1, 1_000_000, "one inference in so many; 1: all", whole=True),
    )

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self._count = 0

    def noticed_ns(self, start_ns: int, end_ns: int) -> int:
        """The step at or after the end."""
        self._count += 1
        if self._count % int(self.number("every")):
            return end_ns
        step_ns = round(self.number("step_ms") * 1e6)
        while start_ns + step_ns < end_ns:
            step_ns *= 2
        return start_ns + step_ns

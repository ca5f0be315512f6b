"""Hosts' clocks that go otherwise than board time: what is told, and what is meant by it."""

from __future__ import annotations

from collections.abc import Sequence

from hosts.emulation import calls
from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.asked_faults import built
from hosts.emulation.faults.base import ROLES, Asked, ClockFault

_ROUNDS = 50
_OF_CLOCK = (
    calls.Head, calls.Tail, calls.Idle, calls.Loop, calls.Load, calls.Link, calls.Now,
    calls.Readings, calls.Noticed, calls.Look,
)  # fmt: skip
"""Calls whose answers tell times on the host's clock. What boards tell each other stays."""


class HostClocks:
    """The clocks of both hosts, as their faults have them; false if both are right."""

    def __init__(self, asked: Sequence[Asked], own: str) -> None:
        self._of = {role: ActingFaults(built(asked, role, 0)) for role in ROLES}
        self._own = own

    def __bool__(self) -> bool:
        return any(faults.of(ClockFault) for faults in self._of.values())

    def told(self, call: calls.AnyCall, answer: calls.Answer) -> None:
        """Put an answer's times on the own host's clock."""
        if not isinstance(call, _OF_CLOCK):
            return
        tell = self._of[self._own].told_ns
        answer.start_ns, answer.end_ns = tell(answer.start_ns), tell(answer.end_ns)
        answer.encoded_ns = tell(answer.encoded_ns)
        for seen in answer.seen:
            seen.time_ns = tell(seen.time_ns)
        answer.spans = [(tell(start_ns), tell(end_ns)) for start_ns, end_ns in answer.spans]
        answer.readings = [(tell(time_ns), watts) for time_ns, watts in answer.readings]

    def meant_ns(self, told_ns: int, role: str) -> int:
        """The board time that a host's clock tells so."""
        meant_ns = told_ns
        for _ in range(_ROUNDS):
            ahead_ns = self._of[role].told_ns(meant_ns) - meant_ns
            if meant_ns == told_ns - ahead_ns:
                break
            meant_ns = told_ns - ahead_ns
        return meant_ns

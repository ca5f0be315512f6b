"""Both hosts' agents as a preflight asks them: one board time, one clock."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TypeVar

from dynasplit.testbed.lab import Host
from hosts.wire import messages
from hosts.wire.preflight import Clock, ClockOrder

T = TypeVar("T", bound=messages.Message)

_EXCHANGES = 7
ROLES = ("edge", "cloud")


@dataclass
class TwoHosts:
    """The hosts, made ready.

    Attributes:
        edge: the edge host. cloud: the cloud host.
        run: begins the names of all that is run; emulated noise depends on it.
    """

    edge: Host
    cloud: Host
    run: str = "preflight"
    _board_ns: int | None = None
    _offsets_ns: dict[str, float] = field(default_factory=dict)

    def of(self, role: str) -> Host:
        """A host by its role."""
        return self.edge if role == "edge" else self.cloud

    @property
    def is_emulated(self) -> bool:
        """True if time is virtual."""
        return self.edge.is_emulated or self.cloud.is_emulated

    def ask(
        self, role: str, name: str, order: messages.Message, kind: type[T], timeout_s: float = 60.0
    ) -> T:
        """Call a method of a host's agent; board time goes with it, and on from its answer.

        Raises:
            TestbedError: it was refused, or not answered.
        """
        order.board_ns = self._board_ns
        answer = self.of(role).agent.call(name, order, kind, timeout_s)
        if answer.board_ns is not None:
            self._board_ns = max(answer.board_ns, self._board_ns or 0)
        return answer

    def now_ns(self, role: str) -> int:
        """A host's clock; an emulated board has then come as far as the other one."""
        return self.ask(role, "Clock", ClockOrder(), Clock).now_ns

    def compare_clocks(self) -> None:
        """Find out by how much each host's clock is before the controller's."""
        for role in ROLES:
            offsets_ns = []
            for _ in range(_EXCHANGES):
                asked_ns = time.monotonic_ns()
                there_ns = self.now_ns(role)
                offsets_ns.append(there_ns - (asked_ns + time.monotonic_ns()) / 2)
            self._offsets_ns[role] = statistics.median(offsets_ns)

    def on_clock_of(self, role: str, other: str, at_ns: int) -> int:
        """A time on the other host's clock, on this one's; boards have one time."""
        if role == other or self.is_emulated:
            return at_ns
        return at_ns + round(self._offsets_ns[role] - self._offsets_ns[other])

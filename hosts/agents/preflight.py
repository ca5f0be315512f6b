"""What an agent does for a preflight: loops, loads, the link's rate, what programs cost."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping

from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.agents.streaming import TailStream
from hosts.core.errors import HostError
from hosts.machine.base import Machine
from hosts.machine.cpus import own_cpus
from hosts.wire import messages, preflight

_ROUND_TRIPS = 20
_SMALL, _LARGER, _LARGE = bytes(64), bytes(256 * 1024), bytes(4 * 1024 * 1024)
_SLOW_S = 0.3
_LONGEST_LOOPS = 10**10
_LONGEST_LOAD_S = 120.0

Method = tuple[type[messages.Message], Callable[..., messages.Message]]


class Preflight:
    """The part of an agent's control service that a preflight asks."""

    def __init__(
        self, machine: Machine, knobs: RestorableKnobs, stream: Callable[[], TailStream | None]
    ) -> None:
        self._machine, self._knobs, self._stream = machine, knobs, stream

    def methods(self) -> Mapping[str, Method]:
        """The methods by name."""
        return {
            "Clock": (preflight.ClockOrder, self.clock),
            "Loop": (preflight.LoopOrder, self.loop),
            "LoadCpus": (preflight.BurdenOrder, self.load),
            "Restore": (preflight.RestoreOrder, self.restore),
            "Link": (preflight.LinkOrder, self.link),
            "Cost": (preflight.CostOrder, self.cost),
        }

    def clock(self, order: preflight.ClockOrder) -> messages.Message:
        """The host's clock."""
        self._machine.catch_up(order.board_ns)
        return preflight.Clock(now_ns=self._machine.now_ns(), board_ns=self._machine.board_ns())

    def loop(self, order: preflight.LoopOrder) -> messages.Message:
        """A loop on one CPU."""
        if not 0 < order.iterations * order.repeats <= _LONGEST_LOOPS:
            raise HostError(
                f"{order.repeats} loops of {order.iterations} asked; allowed: 1 to {_LONGEST_LOOPS}"
            )
        self._machine.catch_up(order.board_ns)
        spans = [
            self._machine.loop(f"{order.run}|{i}", order.iterations) for i in range(order.repeats)
        ]
        return preflight.Looped(
            durations_s=tuple((end_ns - start_ns) / 1e9 for start_ns, end_ns in spans),
            board_ns=self._machine.board_ns(),
        )

    def load(self, order: preflight.BurdenOrder) -> messages.Message:
        """A load on all CPUs."""
        whole_s = sum(rest_s + load_s for rest_s, load_s in order.turns_s)
        if not 0 < whole_s <= _LONGEST_LOAD_S:
            raise HostError(f"a load of {whole_s:g} s asked; allowed: up to {_LONGEST_LOAD_S:g} s")
        self._machine.catch_up(order.board_ns)
        start_ns = self._machine.now_ns()
        spans = self._machine.load(order.run, order.turns_s)
        return preflight.LoadDone(
            spans_ns=tuple(spans),
            start_ns=start_ns,
            end_ns=self._machine.now_ns(),
            board_ns=self._machine.board_ns(),
        )

    def restore(self, order: preflight.RestoreOrder) -> messages.Message:
        """Put the knobs back, and compare them with what they were."""
        self._machine.catch_up(order.board_ns)
        unlike = self._knobs.restore_and_compare()
        return preflight.Restored(unlike=unlike, board_ns=self._machine.board_ns())

    def link(self, order: preflight.LinkOrder) -> messages.Message:
        """Round trips of small messages, then a large one as far as the link is quick enough."""
        stream = self._stream()
        if stream is None:
            raise HostError("the link asked for before the edge was connected to the cloud")
        self._machine.catch_up(order.board_ns)

        def takes_s(body: bytes) -> float:
            return self._machine.link_s(len(body), lambda: stream.echo(body))

        takes_s(_SMALL)  # opens the connection
        round_trip_s = statistics.median(takes_s(_SMALL) for _ in range(_ROUND_TRIPS))
        body, took_s = _LARGER, min(takes_s(_LARGER) for _ in range(3))
        if took_s < _SLOW_S:
            body, took_s = _LARGE, min(takes_s(_LARGE) for _ in range(3))
        sent_s = max(took_s - round_trip_s, 1e-9)
        return preflight.LinkReport(
            round_trip_s=round_trip_s,
            mbit_s=len(body) * 8 / sent_s / 1e6,
            board_ns=self._machine.board_ns(),
        )

    def cost(self, order: preflight.CostOrder) -> messages.Message:
        """CPU times so far."""
        import psutil

        times = psutil.Process().cpu_times()
        return preflight.Cost(
            agent_s=times.user + times.system,
            meters_s=sum(_meter_s(arguments) for arguments in order.meters),
            now_ns=self._machine.now_ns(),
            cpus=len(own_cpus()) or os.cpu_count() or 1,
            board_ns=self._machine.board_ns(),
        )


def _meter_s(arguments: tuple[str, str]) -> float:
    """CPU time so far of this user's meter programs with these arguments."""
    import psutil

    ending = ["-m", "hosts.agents.meter_stream", *arguments]
    spent_s = 0.0
    for process in psutil.process_iter():
        try:
            if process.cmdline()[-len(ending) :] == ending:
                times = process.cpu_times()
                spent_s += times.user + times.system
        except psutil.Error:
            continue
    return spent_s

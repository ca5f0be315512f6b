"""The hosts' clocks held against the controller's, before and after what is measured.

Latencies, windows and meters' readings of a host are all on its own clock, so that an offset enters
no figure; what a clock gains meanwhile does. An emulated board's clock is held against board time,
which every answer of its host carries.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dynasplit.testbed.clock_offset import ClockOffset, Exchange, measured_offset
from dynasplit.testbed.gates._window import ClockSpan
from hosts.wire import messages, preflight

if TYPE_CHECKING:
    from dynasplit.testbed.lab import Host

_ANSWER_S = 20.0


def offset_now(host: Host) -> ClockOffset:
    """How far a host's clock is ahead of the controller's.

    Raises:
        DynaSplitError: it does not answer.
    """

    def exchange() -> Exchange:
        asked_ns = time.monotonic_ns()
        there = host.agent.call("Clock", preflight.ClockOrder(), preflight.Clock, _ANSWER_S)
        return Exchange(asked_ns, there.now_ns, time.monotonic_ns())

    return measured_offset(exchange)


def offsets_now(hosts: Sequence[Host]) -> dict[str, ClockOffset]:
    """Of each host that is no board, by its role; both are asked at the same time."""
    real = [host for host in hosts if not host.is_emulated]
    if not real:
        return {}
    with ThreadPoolExecutor(len(real)) as pool:
        return dict(zip((host.role for host in real), pool.map(offset_now, real), strict=True))


def spans(
    before: Mapping[str, ClockOffset], after: Mapping[str, ClockOffset]
) -> dict[str, ClockSpan]:
    """The time between two looks at clocks, by each host's."""
    return {role: span(before[role], after[role]) for role in before if role in after}


def span(before: ClockOffset, after: ClockOffset) -> ClockSpan:
    """The time between two looks at a clock, by both."""
    lasted_ns = after.at_ns - before.at_ns
    gained_ns = after.ahead_ns - before.ahead_ns
    uncertain_ns = before.uncertain_ns + after.uncertain_ns
    return ClockSpan((lasted_ns + gained_ns) / 1e9, lasted_ns / 1e9, uncertain_ns / 1e9)


def span_of_board(report: messages.RunReport) -> dict[str, ClockSpan]:
    """A run by the edge board's clock, and by board time; nothing of a real host."""
    took_ns, board_ns = report.noted.took_ns, report.noted.took_board_ns
    if took_ns is None or board_ns is None:
        return {}
    return {"edge": ClockSpan(took_ns / 1e9, board_ns / 1e9)}

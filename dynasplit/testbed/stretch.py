"""The stretch of time in which requests are served, divided among them by what meters tell.

Requests come one after the other, so that the stretch falls into pieces: each goes from the answer
before a request to its own, and holds a switching of knobs, what the controller took, and the
request. Pieces are divided a few at a time, as readings come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from dynasplit.accounting._resolved import Resolved
from dynasplit.accounting.base import Role
from dynasplit.core.errors import DynaSplitError, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.core.served_request import Attributed
from dynasplit.testbed import window_times
from dynasplit.testbed.clocks import offsets_now
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.lab import Host
from dynasplit.testbed.pieces import Asked, FiguresOf, Piece, Place, expected, role_of, share
from hosts.wire.messages import RunReport

TOGETHER = 64
"""Requests whose pieces are divided together, while others are still to be served."""
_MARGIN_PERIODS = 3.0

Tell = Callable[[str], None]


@dataclass
class Stretch:
    """Pieces of a stretch that are not divided yet.

    Attributes:
        hosts: edge and cloud.
        rules: the accounting, the gaps that are allowed, and whether both are one machine.
    """

    hosts: tuple[Host, Host]
    rules: EnergyRules
    _pieces: list[list[Piece]] = field(default_factory=list)
    _before_ns: int | None = None
    _left_out: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        asked: Asked,
        report: RunReport,
        switch_s: float,
        idle_w: Mapping[Role, float | None],
        floor_w: Mapping[Role, float],
    ) -> None:
        """Take over a request that was served.

        Args:
            asked: which one, and with what.
            report: the edge's, of the request alone.
            switch_s: what went before it and is switching's.
            idle_w: idle power of the hosts' states; None: not known.
            floor_w: of some state, where it was measured at all.
        """
        (own, *_), done = (
            window_times.counted(report),
            report.inferences[: report.last : report.batch_size],
        )
        before_ns, from_ns = self._before_ns, own.start_ns - round(switch_s * 1e9)
        if before_ns is None:
            self._pieces.append([])
            before_ns = from_ns
        computed = [window_times.busy_span_ns(one, "cloud") for one in done]
        known_w = {role: watts for role, watts in idle_w.items() if watts is not None}
        piece = Piece(
            asked=asked,
            start_ns=before_ns,
            switching_ns=(max(before_ns, from_ns), own.start_ns),
            asked_ns=(own.start_ns, own.end_ns),
            computed_ns=window_times.busy_span_ns(own, "cloud"),
            idle_w=known_w,
            floor_w={**floor_w, **known_w},
            busy_ns={
                "edge": [(one.start_ns, one.end_ns) for one in done],
                "cloud": [span for span in computed if span is not None],
            },
        )
        self._pieces[-1].append(piece)
        self._before_ns = own.end_ns

    def interrupt(self) -> None:
        """Something else than a request comes next: what it draws is no part of the stretch."""
        self._before_ns = None

    def divide(
        self, figures_of: FiguresOf, tell: Tell, *, at_end: bool
    ) -> list[tuple[Piece, Attributed]]:
        """Divide the pieces that the meters have covered; at the end, wait for the others.

        Nothing where a host has no meter that counts.

        Args:
            figures_of: a configuration's, an inference, as its windows were measured.
            tell: is told at the end what could not be divided, and why.
            at_end: no request follows.
        """
        counted = [host for host in self._metered if host.meters.counted]
        if not counted or len(counted) < len(self._metered):
            self._pieces.clear()
            self._before_ns = None
            return []
        if not at_end and sum(map(len, self._pieces)) < TOGETHER:
            return []
        found = []
        together, self._pieces = self._pieces, []
        try:
            ahead_ns = self._cloud_ahead_ns()
        except DynaSplitError as error:
            self._leave_out(sum(map(len, together)), error)
            together = []
        for pieces in together:
            covered = len(pieces) if at_end else self._covered(pieces, ahead_ns)
            try:
                found += self._divided(pieces[:covered], ahead_ns, figures_of, at_end=at_end)
            except DynaSplitError as error:
                self._leave_out(covered, error)
            if pieces is together[-1] or pieces[covered:]:
                self._pieces.append(pieces[covered:])
        if not self._pieces or at_end:
            self.interrupt()
        if at_end:
            for why, count in self._left_out.items():
                tell(f"What {count} requests drew while they were served is not divided: {why}")
            self._left_out.clear()
        return found

    def _leave_out(self, count: int, error: Exception) -> None:
        self._left_out[str(error)] = self._left_out.get(str(error), 0) + count

    @property
    def _metered(self) -> tuple[Host, ...]:
        """The hosts whose energy counts; of one machine, whose meters see both, one."""
        return self.hosts[:1] if self.rules.one_machine else self.hosts

    def _cloud_ahead_ns(self) -> int:
        """How far the cloud's clock is ahead of the edge's; boards have one time.

        Raises:
            WindowInvalid: one of them is a board, and the other is none.
            DynaSplitError: a host does not answer.
        """
        if self.rules.one_machine:
            return 0
        offsets = offsets_now(self.hosts)
        if len(offsets) == 1:
            raise WindowInvalid("a board's time and a real host's clock cannot be compared")
        return offsets["cloud"].ahead_ns - offsets["edge"].ahead_ns if offsets else 0

    def _covered(self, pieces: Sequence[Piece], ahead_ns: int) -> int:
        """How many of the pieces the readings that are there now reach beyond."""
        if not pieces:
            return 0
        until_ns = []
        for host in self._metered:
            shift_ns = ahead_ns if host.role == "cloud" else 0
            start_ns = pieces[0].start_ns
            far_ns = pieces[-1].asked_ns[1] + _margin_ns(host)
            traces = host.meters.since(
                start_ns + shift_ns, start_ns + shift_ns, far_ns + shift_ns
            ).values()
            last_s = [trace.times_s[-1] if trace.times_s.size else -1.0 for trace in traces]
            until_ns.append(start_ns + round(min(last_s) * 1e9))
        return sum(piece.asked_ns[1] <= min(until_ns) for piece in pieces)

    def _divided(
        self, pieces: Sequence[Piece], ahead_ns: int, figures_of: FiguresOf, *, at_end: bool
    ) -> list[tuple[Piece, Attributed]]:
        """Divide pieces that follow each other.

        Raises:
            WindowInvalid: the readings have a gap, or do not reach them.
            ConfigurationError: idle power is needed and not known.
        """
        if not pieces:
            return []
        shares: list[dict[str, float]] = [{} for _ in pieces]
        for host in self._metered:
            shift_ns = ahead_ns if host.role == "cloud" else 0
            trace = self._trace(host, pieces, shift_ns, at_end=at_end)
            zero_ns = pieces[0].start_ns + shift_ns
            known = expected(host, pieces, figures_of, zero_ns)
            course = trace if known is None else Resolved.of(trace, known)
            for piece, found in zip(pieces, shares, strict=True):
                one = share(
                    piece, role_of(host), course, self.rules.accounting, Place(zero_ns, shift_ns)
                )
                found |= {
                    f"{host.role}_attributed_j": float(one.requests_j[0]),
                    f"{host.role}_switching_j": one.switching_j,
                    f"{host.role}_nobody_j": one.nobody_j,
                }
        return [(p, Attributed(**found)) for p, found in zip(pieces, shares, strict=True)]

    def _trace(self, host: Host, pieces: Sequence[Piece], shift_ns: int, *, at_end: bool) -> Trace:
        """The power of a host's counted channels together, times from the first piece's start."""
        start_ns, end_ns = pieces[0].start_ns + shift_ns, pieces[-1].asked_ns[1] + shift_ns
        if at_end:
            host.meters.traces(start_ns, end_ns)  # waits for late readings
        margin_ns = _margin_ns(host)
        traces = host.meters.since(start_ns - margin_ns, start_ns, end_ns + margin_ns)
        for name, trace in traces.items():
            try:
                trace.check_covers(
                    0.0, (end_ns - start_ns) / 1e9, max_gap_periods=self.rules.max_gap_periods
                )
            except WindowInvalid as error:
                raise WindowInvalid(f"{host.role}, channel {name}: {error}") from error
        together = reduce(_added, traces.values())
        if together.times_s.size < 2:
            raise WindowInvalid(f"{host.role}: one reading of its meters tells of no time")
        return together


def _margin_ns(host: Host) -> int:
    return round(_MARGIN_PERIODS * host.meters.period_s * 1e9)


def _added(one: Trace, other: Trace) -> Trace:
    """Both powers together; where one has no reading, as its lines between readings say."""
    first_s = max(one.times_s[0], other.times_s[0])
    last_s = min(one.times_s[-1], other.times_s[-1])
    times_s = np.union1d(one.times_s, other.times_s)
    times_s = times_s[(times_s >= first_s) & (times_s <= last_s)]
    watts = sum(np.interp(times_s, t.times_s, t.watts) for t in (one, other))
    return Trace(times_s, np.asarray(watts), max(one.period_s, other.period_s))

"""What lies between two answers to requests on a host, and whose the joules are that it drew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dynasplit.accounting import Accounting
from dynasplit.accounting._attribution import Claims, Floats, Shares, attribute
from dynasplit.accounting._resolved import Expected, Resolved
from dynasplit.accounting.base import Role
from dynasplit.core.measurement import Measurement
from dynasplit.core.power_trace import Trace
from dynasplit.core.space import Configuration
from dynasplit.testbed.lab import Host

NEVER: Floats = np.zeros((1, 2))
"""A time of no length."""

FiguresOf = Callable[[Configuration], Measurement]
Span = tuple[int, int]


class Asked(NamedTuple):
    """A request: its number, who asked, and with what it was served."""

    request: int
    stream: str
    configuration: Configuration


@dataclass(frozen=True, kw_only=True)
class Piece:
    """From the answer before a request to its own; times in ns on the edge's clock.

    Attributes:
        asked: which request.
        start_ns: the answer before, or where switching begins.
        switching_ns: setting knobs, and what is not counted before the request.
        asked_ns: from its arrival to its answer.
        computed_ns: when the cloud computed, on the cloud's clock; None: it had no part.
        idle_w: idle power of the hosts' states, as far as it is known.
        floor_w: likewise, or of another state of theirs.
        busy_ns: when each host is known to have drawn more, on its own clock: for the request, and
            for what is not counted before it.
    """

    asked: Asked
    start_ns: int
    switching_ns: Span
    asked_ns: Span
    computed_ns: Span | None
    idle_w: Mapping[Role, float]
    floor_w: Mapping[Role, float]
    busy_ns: Mapping[Role, Sequence[Span]]


class Place(NamedTuple):
    """Where times of a host are: the time that counts as zero, and by how much it is ahead."""

    zero_ns: int
    shift_ns: int


def share(
    piece: Piece, role: Role, drawn: Trace | Resolved, accounting: Accounting, place: Place
) -> Shares:
    """Divide what a host drew in a piece.

    Args:
        piece: the one.
        role: the host's.
        drawn: its power, in and around the piece.
        accounting: for which idle power a request pays.
        place: of its times.
    """

    def spans_s(span_ns: Span, shift_ns: int) -> Floats:
        spans: Floats = (np.array([span_ns], dtype=np.int64) + shift_ns - place.zero_ns) / 1e9
        return spans

    shift_ns = place.shift_ns

    asked_s = spans_s(piece.asked_ns, shift_ns)
    occupied_s = asked_s
    if role == "cloud":
        occupied_s = NEVER if piece.computed_ns is None else spans_s(piece.computed_ns, 0)
    pays = accounting.pays(role)
    paying_s, idle_w = None, piece.idle_w.get(role)
    if pays.time == "request" and pays.share == 1.0:
        occupied_s = asked_s
    elif pays.time == "request":
        paying_s = asked_s
    elif pays.time == "between":
        paying_s = spans_s((piece.start_ns, piece.asked_ns[1]), shift_ns)
    claims = Claims(
        occupied_s=occupied_s,
        paying_s=paying_s,
        idle_share=pays.share,
        idle_w=idle_w,
        switching_s=spans_s(piece.switching_ns, shift_ns),
    )
    ((start_s, end_s),) = spans_s((piece.start_ns, piece.asked_ns[1]), shift_ns)
    return attribute(drawn, float(start_s), float(end_s), claims)


def expected(
    host: Host, pieces: Sequence[Piece], figures_of: FiguresOf, zero_ns: int
) -> Expected | None:
    """What a host is expected to draw in pieces; None: not known of one of them."""
    role = role_of(host)
    idle_w = [piece.floor_w.get(role) for piece in pieces]
    spans_ns: list[Span] = []
    watts: list[float] = []
    for piece, floor_w in zip(pieces, idle_w, strict=True):
        told_w = _computing_w(figures_of(piece.asked.configuration), role, host, floor_w)
        if floor_w is None or (told_w is None and piece.busy_ns[role]):
            return None
        spans_ns += piece.busy_ns[role]
        watts += [told_w or floor_w] * len(piece.busy_ns[role])
    at_ns = np.array(spans_ns, dtype=np.int64).reshape(len(spans_ns), 2) - zero_ns
    known_w = [floor_w for floor_w in idle_w if floor_w is not None]
    return Expected(at_ns / 1e9, np.array(watts), sum(known_w) / len(known_w))


def _computing_w(
    figures: Measurement, role: Role, host: Host, idle_w: float | None
) -> float | None:
    """What a host draws while it is busy with a configuration's inferences; None: not known.

    Of the edge that is from arrival to answer, of the cloud while it computes.
    """
    drawn_j = [figures.channels.get(f"{role}_{name}_j") for name in host.meters.counted]
    known_j = [joules for joules in drawn_j if joules is not None]
    if len(known_j) < len(drawn_j) or not figures.window_s:
        return None
    mean_w = sum(known_j) / figures.window_s
    if role == "edge":
        return mean_w
    if idle_w is None or not figures.cloud_busy_ms:
        return None
    share = min(1.0, figures.cloud_busy_ms / 1000 / figures.window_s)
    return idle_w + (mean_w - idle_w) / share


def role_of(host: Host) -> Role:
    """A host's, as one of the two that there are."""
    return "edge" if host.role == "edge" else "cloud"

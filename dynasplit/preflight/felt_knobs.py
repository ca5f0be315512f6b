"""Each knob set to its slowest and its fastest value, read back, felt by a loop, and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dynasplit.core.errors import TestbedError
from dynasplit.preflight.findings import Finding, error, failed, ok
from dynasplit.preflight.two_hosts import TwoHosts
from hosts.knobs.base import Knob, Value, describe
from hosts.wire.messages import KnobsOrder, KnobsSet
from hosts.wire.preflight import (
    LinkOrder,
    LinkReport,
    Looped,
    LoopOrder,
    Restored,
    RestoreOrder,
)

TOLERANCE = 0.2
"""Of the ratio of times: the loop itself follows 1/f to some 3 %; the 5 % of background load that
are allowed, interrupts, and the highest frequency, which not every CPU reaches, take the rest."""

_LOOP_S = 0.3
_REPEATS = 3
_TRIAL = 200_000
_LOOPS_S = 120.0


def check(hosts: TwoHosts, role: str) -> Iterator[Finding]:
    """Every knob of a host; what cannot be put back is told with the last."""
    allowed = hosts.ask(role, "Knobs", KnobsOrder(knobs={}), KnobsSet).allowed
    for name, values in allowed.items():
        if len(values) < 2:
            yield ok(role, name, f"offers {', '.join(map(str, values)) or 'no value'} alone")
            continue
        try:
            yield _check_one(hosts, role, describe(name), describe(name).felt_ends(values))
        except TestbedError as why:
            yield failed(role, name, why)
    yield from put_back(hosts, role)


def put_back(hosts: TwoHosts, role: str) -> Iterator[Finding]:
    """Put a host's knobs back now; one that is not as it was is an error."""
    unlike = hosts.ask(role, "Restore", RestoreOrder(), Restored).unlike
    for name, words in unlike.items():
        yield error(role, name, f"put back, but {words}", "set it by hand; is it set by others?")


def set_fastest(hosts: TwoHosts, role: str) -> None:
    """Set the knobs that a loop feels to their fastest, so that no governor delays a load."""
    allowed = hosts.ask(role, "Knobs", KnobsOrder(knobs={}), KnobsSet).allowed
    wanted = {
        name: values[-1]
        for name, values in allowed.items()
        if len(values) > 1 and describe(name).loop_ratio(values[0], values[-1]) is not None
    }
    if wanted:
        hosts.ask(role, "Knobs", KnobsOrder(knobs=wanted), KnobsSet)


def _check_one(hosts: TwoHosts, role: str, knob: type[Knob], ends: tuple[Value, Value]) -> Finding:
    slow, fast = ends
    if knob.added_s(slow) is not None:
        return _check_delay(hosts, role, knob, ends)
    expected = knob.loop_ratio(slow, fast)
    done = f"{slow} and {fast} {knob.unit}".strip() + " set, read back, put back"
    if expected is None:
        for value in (slow, fast):
            _set(hosts, role, {knob.name: value})
        return ok(role, knob.name, done)
    _set(hosts, role, {knob.name: fast})
    iterations = max(1, round(_TRIAL * _LOOP_S / _loop_s(hosts, role, _TRIAL, "trial")))
    for attempt in range(2):  # a passing disturbance does not come twice
        times_s = []
        for value in (slow, fast):
            _set(hosts, role, {knob.name: value})
            run = f"{knob.name}={value}|{attempt}"
            times_s.append(_loop_s(hosts, role, iterations, run))
        ratio = times_s[0] / times_s[1]
        if abs(ratio / expected - 1) <= TOLERANCE:
            told = f"a loop takes {ratio:.2f} times as long at {slow} as at {fast}"
            return ok(role, knob.name, f"{done}; {told} ({expected:.2f} +-{TOLERANCE:.0%})")
    return error(
        role,
        knob.name,
        _words_of_lie(knob, ends, ratio, expected),
        "what sets it has no effect (a virtual machine, firmware, another driver), or something "
        f"slows the host; leave {knob.name} out of hosts.{role}.knobs until time follows it",
    )


def _check_delay(
    hosts: TwoHosts, role: str, knob: type[Knob], ends: tuple[Value, Value]
) -> Finding:
    """A knob that acts on the link's round trip, which is measured at both values."""
    trips_s = []
    for value in ends:
        _set(hosts, role, {knob.name: value})
        trips_s.append(hosts.ask(role, "Link", LinkOrder(), LinkReport, _LOOPS_S).round_trip_s)
    added_s = trips_s[0] - trips_s[1]
    expected_s = (knob.added_s(ends[0]) or 0.0) - (knob.added_s(ends[1]) or 0.0)
    told = (
        f"the round trip takes {1000 * added_s:.1f} ms longer at {ends[0]} than at {ends[1]} "
        f"{knob.unit} ({1000 * expected_s:g} +-{TOLERANCE:.0%})"
    )
    if abs(added_s / expected_s - 1) <= TOLERANCE:
        return ok(role, knob.name, told)
    return error(role, knob.name, told, f"leave {knob.name} out of hosts.{role}.knobs")


def _words_of_lie(
    knob: type[Knob], ends: tuple[Value, Value], ratio: float, expected: float
) -> str:
    slow, fast = ends
    times = f"{ratio:.2f} times as long, {expected:.2f} +-{TOLERANCE:.0%} expected"
    if ratio < expected:
        like = round(float(fast) / ratio) if ratio > 1 + TOLERANCE / 2 else fast
        return (
            f"the files say {slow} {knob.unit}, the loop takes as long as at {like} {knob.unit} "
            f"({times})"
        )
    return (
        f"the files say {fast} {knob.unit}, the loop is slower than that against {slow} "
        f"{knob.unit} ({times})"
    )


def _set(hosts: TwoHosts, role: str, knobs: Mapping[str, Value]) -> None:
    hosts.ask(role, "Knobs", KnobsOrder(knobs=dict(knobs)), KnobsSet)


def _loop_s(hosts: TwoHosts, role: str, iterations: int, run: str) -> float:
    """The least time of a loop: whatever else runs on a host makes it longer, nothing shorter."""
    order = LoopOrder(run=f"{hosts.run}|{run}", iterations=iterations, repeats=_REPEATS)
    return min(hosts.ask(role, "Loop", order, Looped, _LOOPS_S).durations_s)

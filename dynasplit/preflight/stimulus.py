"""Each host loaded in turn, on and off at uneven times, while all meters are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dynasplit.core.errors import DynaSplitError
from dynasplit.preflight.felt_knobs import put_back, set_fastest
from dynasplit.preflight.findings import Finding, failed
from dynasplit.preflight.steps import Step, find_step, update_s
from dynasplit.preflight.two_hosts import ROLES, TwoHosts
from dynasplit.testbed.meter import MeterStream
from hosts.wire.preflight import BurdenOrder, LoadDone

TURNS_S = ((1.5, 3.0), (2.0, 1.5), (3.0, 2.0), (4.0, 0.0))
"""Rest and load: no shift of it by less than its length looks like it."""

_LENGTH_S = sum(map(sum, TURNS_S))
_LATE_S = 6.0
_DARK = ("gpu", "dram", "uncore", "rail")  # domains that no load on CPUs is sure to reach


@dataclass
class Observed:
    """What a channel of a meter has shown.

    Attributes:
        host: where the meter is said to stand. channel: its name. identity: the instrument's own.
        period_s: as the meter states it. update_s: as it is seen; None: not to be told.
        steps: by the host that was loaded; None: too few readings.
        is_reached: a load on CPUs should show. is_constant: it showed one value all the time.
        trouble: why readings are missing.
    """

    host: str
    channel: str
    identity: str
    period_s: float
    is_reached: bool
    is_constant: bool = True
    update_s: float | None = None
    trouble: str = ""
    steps: dict[str, Step | None] = field(default_factory=dict)


def observe(hosts: TwoHosts, findings: list[Finding]) -> list[Observed]:
    """Load edge and cloud in turn; what goes wrong in that is added to the findings."""
    observed = {
        (role, stream.header.meter, name): Observed(
            host=role,
            channel=name,
            identity=stream.header.identity,
            period_s=stream.header.period_s,
            is_reached=not name.startswith(_DARK),
        )
        for role, stream, name in _channels(hosts)
    }
    if not observed:
        return []
    hosts.compare_clocks()
    for role in ROLES:
        try:
            set_fastest(hosts, role)
            order = BurdenOrder(run=f"{hosts.run}|load {role}", turns_s=TURNS_S)
            done = hosts.ask(role, "LoadCpus", order, LoadDone, _LENGTH_S + 60)
            findings += put_back(hosts, role)
        except DynaSplitError as why:
            findings.append(failed(role, "load", why))
            continue
        for other in ROLES:
            hosts.now_ns(other)  # so that both boards have come as far
        for at, stream, name in _channels(hosts):
            _look(hosts, observed[at, stream.header.meter, name], stream, role, done)
    return list(observed.values())


def _channels(hosts: TwoHosts) -> Iterator[tuple[str, MeterStream, str]]:
    for role in ROLES:
        for stream in hosts.of(role).meters.streams:
            for name in stream.channels:
                yield role, stream, name


def _look(
    hosts: TwoHosts, seen: Observed, stream: MeterStream, loaded: str, done: LoadDone
) -> None:
    """Find the step of one host's load in a channel."""
    start_ns = hosts.on_clock_of(seen.host, loaded, done.start_ns)
    spans_s = [
        tuple((hosts.on_clock_of(seen.host, loaded, at) - start_ns) / 1e9 for at in span)
        for span in done.spans_ns
    ]
    try:
        end_ns = hosts.on_clock_of(seen.host, loaded, done.end_ns)
        trace = stream.trace(seen.channel, start_ns, end_ns - round(1e9 * seen.period_s), _LATE_S)
    except DynaSplitError as why:
        seen.trouble = " ".join(str(why).split())
        return
    loads = [(start_s, end_s) for start_s, end_s in spans_s]
    seen.steps[loaded] = find_step(trace.times_s, trace.watts, seen.period_s, loads)
    if trace.watts.size and trace.watts.max() > trace.watts.min():
        seen.is_constant = False
    if loaded == seen.host:
        seen.update_s = update_s(trace.times_s, trace.watts)

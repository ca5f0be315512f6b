"""A campaign of 200 configurations in which a fault strikes every 20, beside the same without."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from msgspec.structs import replace
from threadpoolctl import threadpool_limits

from dynasplit.audit import audit_live
from dynasplit.core.errors import DynaSplitError
from dynasplit.core.events import Failed, Remarked
from dynasplit.core.measurement import FAULT_FLAG, Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineResult, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.ssh import SshTestbed
from hosts.emulation.profile import Profile, load_profile
from hosts.wire.window_rules import WindowRules
from tests.judged.alarms import strict
from tests.judged.in_process import opened

NETWORK = "digits_cnn"
MHZ = tuple(range(600, 2001, 200))
CONFIGURATIONS, EVERY = 200, 20
FIRST = 10
LASTS_S = 20.0
"""Of a strike, in board time: some seven windows."""
NOISE_PCT = 3.0
"""A member of the other front that is so near in latency, energy and quality is the same place."""
KINDS = (
    {"fault": "lying_frequency", "mhz": 1000},
    {"fault": "frozen_meter"},
    {"fault": "ignored_frequency"},
    {"fault": "other_load", "host": "edge", "share": 0.3, "load_w": 1.0},
    {"fault": "negative_meter", "host": "cloud", "share": 0.2},
    {"fault": "slow_link", "rate_share": 0.1},
    {"fault": "fast_clock", "host": "cloud", "ppm": 50000},
    {"fault": "doubling_timer", "step_ms": 50.0},
    {"fault": "swapped_meter", "host": "cloud"},
    {"fault": "dead_meter", "host": "edge", "for_s": 0.5},
    {"fault": "lagging_frequency", "late_s": 20.0},
    {"fault": "reverting_frequency", "back_s": 1.0},
    {"fault": "throttling", "mhz": 700, "load_s": 0.0},
    {"fault": "averaging_meter", "mean_s": 10.0},
    {"fault": "backward_meter", "host": "cloud", "fall_j": 100.0, "every_s": 1.0},
    {"fault": "lagging_meter", "lag_s": 2.0},
    {"fault": "repeating_meter", "times": 20},
    {"fault": "silent_meter", "gap_s": 2.0, "every_s": 4.0},
    {"fault": "other_load", "host": "cloud", "share": 0.3, "load_w": 20.0},
    {"fault": "transfer_outliers", "share": 0.3, "times": 10},
)


@cache
def profile() -> Profile:
    """The made-up testbed of quick_testbed with eight frequencies: 224 configurations."""
    quick = load_profile("quick")
    return replace(quick, edge=replace(quick.edge, cpu_mhz=MHZ))


def space() -> SearchSpace:
    knobs = [
        Knob("cpu_mhz", MHZ),
        Knob("edge_accelerator", ("off", "max"), "edge", "off"),
        Knob("cloud_gpu", (False, True), "cloud", False),
    ]
    return SearchSpace.build(range(8), 7, knobs)


class HasFront(Protocol):
    """Whatever ended in a front."""

    @property
    def front(self) -> ParetoFront | None: ...


@dataclass
class Attempt:
    """One window: when it was, in board time, and what became of it."""

    start_s: float
    end_s: float
    configuration: Configuration
    found: Measurement | DynaSplitError


@dataclass
class Campaign:
    """A search with its repeats, each of its windows, and what it said."""

    result: OfflineResult
    attempts: list[Attempt]
    said: list[str]


@dataclass
class Watched:
    """A testbed whose windows are noted."""

    testbed: SshTestbed
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        return (self.testbed._board_ns or 0) / 1e9

    def rest(self, for_s: float) -> None:
        self.testbed.rest(for_s)

    def measure(self, configuration, **more):
        start_s = self.now_s
        try:
            found = self.testbed.measure(configuration, **more)
        except DynaSplitError as error:
            self.attempts.append(Attempt(start_s, self.now_s, configuration, error))
            raise
        self.attempts.append(Attempt(start_s, self.now_s, configuration, found))
        return found


def campaign(
    faults: Sequence[dict] = (),
    gates: GateRules | None = None,
    configurations: int = CONFIGURATIONS,
    front_repeats: int = 4,
) -> Campaign:
    """All of the offline phase, on boards that faults strike."""
    said: list[str] = []

    def hear(event: object) -> None:
        if isinstance(event, Failed):
            said.append(f"{event.configuration.words()} failed: {event.reason}")
        elif isinstance(event, Remarked):
            said.append(event.text)

    settings = OfflineSettings(
        budget=Budget(configurations=configurations),
        network=NETWORK,
        front_repeats=front_repeats,
        retry=RetryPolicy(2, 0.0),
        audit=audit_live,
    )
    rules = WindowRules(relative_ci=0.01)
    gates = strict() if gates is None else gates
    with (
        threadpool_limits(
            1, user_api="blas"
        ),  # on a busy machine more threads take ten times as long
        opened(profile(), NETWORK, faults=faults, rules=rules, gates=gates) as (testbed, _),
    ):
        watched = Watched(testbed)
        algorithm = search.build("grid", order="blocks")
        result = search_front(space(), algorithm, watched, Journal(), settings, hear)
    return Campaign(result, watched.attempts, said)


@dataclass
class Strike:
    """What one fault did while it acted.

    Attributes:
        fault: as it is asked for.
        windows: how many it met. refused: not kept. flagged: kept, and named as doubtful.
        wrong: kept, off by more than the noise, and nothing said.
        names: what named it, and how often.
        lost: configurations that were given up for good.
    """

    fault: dict
    windows: int = 0
    refused: int = 0
    flagged: int = 0
    wrong: int = 0
    worst_pct: float = 0.0
    names: Counter = field(default_factory=Counter)

    @property
    def is_told(self) -> bool:
        """True if something named it, or nothing came of it."""
        return bool(self.names) or not self.wrong


def struck(kinds: Sequence[dict], quiet: Campaign) -> list[dict]:
    """Faults one after the other, each as the next twenty configurations begin."""
    firsts = list(dict.fromkeys(a.configuration for a in quiet.attempts))
    starts = {}
    for attempt in quiet.attempts:
        starts.setdefault(attempt.configuration, attempt.start_s)
    return [
        {"for_s": LASTS_S, **kind, "after_s": round(starts[firsts[EVERY * i + FIRST]], 1)}
        for i, kind in enumerate(kinds)
    ]


def strikes(faults: Sequence[dict], found: Campaign, quiet: Campaign) -> list[Strike]:
    """What became of the windows that each of them met."""
    true = {(m.configuration, m.repeat): m for m in quiet.result.measurements}
    return [_strike(fault, found, true) for fault in faults]


def _strike(fault: dict, campaign: Campaign, true: dict) -> Strike:
    told = Strike(fault)
    begin_s, end_s = fault["after_s"], fault["after_s"] + fault["for_s"]
    audited = {(m.configuration, m.repeat): m for m in campaign.result.measurements}
    for attempt in campaign.attempts:
        if attempt.end_s <= begin_s or attempt.start_s >= end_s:
            continue
        told.windows += 1
        if isinstance(attempt.found, DynaSplitError):
            told.refused += 1
            told.names.update(names_of(attempt.found))
            continue
        one = audited.get((attempt.configuration, attempt.found.repeat))
        if one is None:  # refused by the measurer
            told.refused += 1
            continue
        flags = [flag for flag in one.flags if not flag.startswith(FAULT_FLAG)]
        told.names.update(flags)
        other = true.get((one.configuration, one.repeat), true.get((one.configuration, 0)))
        off_pct = 0.0 if other is None else off_by_pct(one, other)
        told.flagged += bool(flags)
        if not flags and off_pct > NOISE_PCT:
            told.wrong += 1
            told.worst_pct = max(told.worst_pct, off_pct)
    return told


def names_of(error: DynaSplitError) -> list[str]:
    """The gates that an error names, else its kind."""
    return re.findall(r"gate (\w+):", str(error)) or [type(error).__name__]


def off_by_pct(one: Measurement, other: Measurement) -> float:
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("latency_ms", "energy_j")]
    return max(100 * abs(a / b - 1) for a, b in pairs)


def added(found: OfflineResult, quiet: OfflineResult) -> Iterator[tuple[str, float]]:
    """Members of a struck campaign's front that are not on the quiet one's, though measured there.

    What failed and came back stands beside the budget: so much more was measured, which a quiet
    campaign has never seen.
    """
    seen = {c.words() for c in (*quiet.searched, *quiet.apart)}
    return (one for one in missing(found, quiet) if one[0] in seen)


def missing(those: HasFront, of: HasFront) -> Iterator[tuple[str, float]]:
    """Members of one front that are not on another one, and how far off it is from them."""
    assert those.front is not None
    assert of.front is not None
    others = of.front.summaries
    for member in those.front.summaries:
        if member.configuration in [o.configuration for o in others]:
            continue
        far = [
            max(
                100 * (o.latency_ms / member.latency_ms - 1),
                100 * (o.energy_j / member.energy_j - 1),
                100 * ((member.quality or 0.0) - (o.quality or 0.0)),
            )
            for o in others
        ]
        yield member.configuration.words(), max(0.0, min(far))

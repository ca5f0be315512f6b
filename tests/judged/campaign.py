"""A short campaign with a fault, beside the same one without: what was kept, and how far off."""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from dynasplit.audit import audit_live
from dynasplit.core.errors import DynaSplitError
from dynasplit.core.measurement import FAULT_FLAG, Measurement
from dynasplit.core.space import Configuration
from dynasplit.offline.measurer import Measurer
from dynasplit.run.journal import Journal
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.retry import RetryPolicy
from hosts.emulation.profile import load_profile
from hosts.wire.window_rules import WindowRules
from tests.judged.in_process import opened
from tests.system.test_emulated_figures import space

PROFILE = "pi4_coral_v100"
FIGURES = ("latency_ms", "energy_j", "edge_energy_j", "cloud_energy_j")
SEEDS = 5
LEAST = 0.02
"""A figure that is off by less is not called wrong, however quiet the boards."""
RULES = WindowRules(relative_ci=0.01)
_GATE = re.compile(r"gate (\w+):")


@dataclass(frozen=True)
class Plan:
    """What is measured: first without any fault, then with it.

    Attributes:
        before: configurations measured until the fault begins. then: while it acts.
    """

    before: tuple[Configuration, ...]
    then: tuple[Configuration, ...]


def plan() -> Plan:
    """Of all splits, frequencies, accelerators and GPU settings some; some are measured twice."""
    every = space().configurations
    before = tuple(every[i] for i in range(11, len(every), 37))
    again = before[2::6]
    fresh = tuple(every[i] for i in range(29, len(every), 110))
    pairs = zip(fresh, (*again, *fresh), strict=False)
    return Plan(before, tuple(c for pair in pairs for c in pair))


@dataclass
class Outcome:
    """What became of the windows while a fault acted.

    Attributes:
        right: kept, and true. flagged: kept, not true, and said to be doubtful.
        refused: not kept. wrong: kept, not true, and nothing was said.
        names: what named it, and how often.
        worst: of those that are wrong, the greatest deviation of any figure.
        said: what was said of each that was refused; of those that are wrong, what is off.
    """

    right: int = 0
    flagged: int = 0
    refused: int = 0
    wrong: int = 0
    names: Counter = field(default_factory=Counter)
    worst: float = 0.0
    said: list[str] = field(default_factory=list)


@dataclass
class Run:
    """The measurements of a campaign, and when each was done, in board time.

    An error stands for one that was refused.
    """

    found: list[Measurement | DynaSplitError]
    ends_s: list[float]


def run(
    those: Sequence[Configuration],
    faults: Sequence = (),
    seed: int = 0,
    gates: GateRules = GateRules(),
    rules: WindowRules = RULES,
) -> Run:
    """Measure configurations one after another, as the offline phase does."""
    found: list[Measurement | DynaSplitError] = []
    ends_s: list[float] = []
    runs: Counter = Counter()
    profile = load_profile(PROFILE)
    with opened(profile, seed=seed, faults=faults, rules=rules, gates=gates) as (testbed, _):
        measurer = Measurer(testbed, Journal(), RetryPolicy(2, 0.0), audit_live)
        for configuration in those:
            try:
                found.append(measurer.run(configuration, runs[configuration]))
                runs[configuration] += 1
            except DynaSplitError as error:
                found.append(error)
            ends_s.append((testbed._board_ns or 0) / 1e9)
    return Run(found, ends_s)


@cache
def truth(seed: int = 0) -> Run:
    """The campaign without a fault."""
    both = plan()
    return run((*both.before, *both.then), seed=seed)


@cache
def limits() -> dict[str, float]:
    """By how much each figure may be off: three times its spread over seeds, of the typical window.

    The spread is the median absolute deviation, as single runs of the boards are outliers.
    """
    every = [truth(seed).found for seed in range(SEEDS)]
    found = {}
    for name in FIGURES:
        spreads = []
        for same in zip(*every, strict=True):
            values = [getattr(one, name) for one in same]
            if middle := statistics.median(values):
                spreads.append(statistics.median(abs(v / middle - 1) for v in values))
        found[name] = max(LEAST, 3 * 1.4826 * statistics.median(spreads))
    return found


def outcome(fault: dict, gates: GateRules = GateRules()) -> Outcome:
    """What becomes of a campaign in which a fault begins after its first part, or `from_start`."""
    both = plan()
    first = len(both.before)
    begins_s = 0.0 if fault.get("from_start") else truth().ends_s[first - 1]
    asked = {k: v for k, v in fault.items() if k != "from_start"} | {"after_s": begins_s}
    with_fault = run((*both.before, *both.then), [asked], gates=gates)
    told = Outcome()
    for i in range(first, len(with_fault.found)):
        _add(told, i, with_fault.found[i])
    return told


def _add(told: Outcome, i: int, found: Measurement | DynaSplitError) -> None:
    if isinstance(found, DynaSplitError):
        told.refused += 1
        told.names.update(_GATE.findall(str(found)) or [type(found).__name__])
        told.said.append(str(found))
        return
    flags = [flag for flag in found.flags if not flag.startswith(FAULT_FLAG)]
    off = deviations(i, found)
    if not off:
        told.right += 1
    elif flags:
        told.flagged += 1
        told.names.update(flags)
    else:
        told.wrong += 1
        told.worst = max(told.worst, *off.values())
        told.said.append(f"{found.configuration.words()} {off}")


def deviations(i: int, found: Measurement) -> dict[str, float]:
    """The figures that are off by more than their noise, with the share by which they are."""
    true = truth().found[i]
    off = {}
    for name in FIGURES:
        said, expected = getattr(found, name), getattr(true, name)
        if expected and abs(said / expected - 1) > limits()[name]:
            off[name] = abs(said / expected - 1)
    return off

"""The three published defects, made on boards or by the profile's noise: what comes of them."""

import statistics
from collections.abc import Iterator

from msgspec.structs import replace

from dynasplit.core.measurement import Summary
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile
from tests.judged.campaign import PROFILE, Outcome, outcome
from tests.judged.table import verdict

HEAD = "| published defect | made by | found | by | verdict |\n|---|---|---|---|---|\n"
SEEDS = 10
SPREAD = 0.05
"""Of single runs: with it the fastest of the published front is as far off as was published."""
USED = 20
"""Runs of a member of the front after it was chosen: what it comes to in use."""
SKIPPED = (
    ({"fault": "ignored_frequency", "host": "edge"}, "the change is skipped, files say so"),
    (
        {"fault": "lying_frequency", "host": "edge", "mhz": 1800},
        "the change is skipped, files say it was made",
    ),
)
TIMER = (
    (
        {"fault": "doubling_timer", "host": "edge", "step_ms": 50.0, "every": 1},
        "each inference ends on the steps of a doubling timer",
    ),
    (
        {"fault": "doubling_timer", "host": "edge", "step_ms": 50.0, "every": 10},
        "one inference of ten does",
    ),
)
DEFECTS = (("1, frequency", SKIPPED), ("2, the loader's timer", TIMER))


def found_words(found: Outcome) -> str:
    return (
        f"{found.right} true, {found.flagged} flagged, {found.refused} refused, {found.wrong} wrong"
    )


def rows() -> Iterator[str]:
    """Of the two that are faults of boards, and of the third, which is one of method."""
    for defect, ways in DEFECTS:
        for fault, made in ways:
            found = outcome(fault)
            named = ", ".join(f"{who} {often}" for who, often in sorted(found.names.items()))
            yield f"| {defect} | {made} | {found_words(found)} | {named} | {verdict(found)} |\n"
    once, again = curse_pct(0), curse_pct(4)
    yield (
        f"| 3, measured once | runs spread by {100 * SPREAD:g} %: the fastest of a front in use, "
        "against what the front says of it "
        f"| {once:+.1f} % by one run, {again:+.1f} % as by default "
        "| repeats of the front, medians | corrected |\n"
    )


def space() -> SearchSpace:
    """Of the published one some split points, at all frequencies."""
    return SearchSpace.build(
        (0, 3, 6, 10, 14, 18, 22),
        22,
        [
            Knob("cpu_mhz", (600, 800, 1000, 1200, 1400, 1600, 1800)),
            Knob("edge_accelerator", ("off", "std", "max"), idle="off"),
            Knob("cloud_gpu", (False, True), where="cloud", idle=False),
        ],
    )


def front(seed: int, front_repeats: int) -> tuple[ParetoFront, ModelledTestbed]:
    """Of a grid, on the profile with its noise."""
    profile = load_profile(PROFILE)
    noisy = replace(profile, noise=replace(profile.noise, run_latency_cv=SPREAD))
    testbed = ModelledTestbed(noisy, "vgg16", seed=seed)
    settings = OfflineSettings(budget=Budget(fraction=1.0), front_repeats=front_repeats)
    return search_front(space(), search.build("grid"), testbed, Journal(), settings).front, testbed


def in_use_ms(testbed: ModelledTestbed, configuration: Configuration) -> float:
    """The median of runs that had no part in the choice."""
    runs = (testbed.measure(configuration, repeat=1000 + i) for i in range(USED))
    return statistics.median(run.latency_ms for run in runs)


def curse_pct(front_repeats: int) -> float:
    """By how much the fastest member of a front is slower in use; the mean over seeds."""
    found = []
    for seed in range(SEEDS):
        chosen, testbed = front(seed, front_repeats)
        fastest: Summary = min(chosen.summaries, key=lambda s: s.latency_ms)
        found.append(100 * (in_use_ms(testbed, fastest.configuration) / fastest.latency_ms - 1))
    return statistics.mean(found)


def text() -> str:
    """The table."""
    return HEAD + "".join(rows())

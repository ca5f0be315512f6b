"""Faults of meters and boards are named each time, clean hosts never: a tenth, and all of it."""

import pytest

from tests.dynasplit.preflight.boards import FROZEN, SHARED, SWAPPED, boards, lagging, lying, wrong

pytestmark = pytest.mark.slow

EDGE, CLOUD, MHZ = ("edge", "meter wall"), ("cloud", "meter wall"), ("edge", "cpu_mhz")
LIE = "the files say 600 MHz, the loop takes as long as at 1800 MHz"
HALF, TWO = "lags by 0.5 s", "lags by 2.0 s"
CASES = {
    "frozen edge, cloud late by .5 s": (
        {"edge": [FROZEN], "cloud": [lagging(0.5)]},
        {EDGE: "frozen", CLOUD: HALF},
    ),
    "edge late by 2 s, frozen cloud": (
        {"edge": [lagging(2.0)], "cloud": [FROZEN]},
        {EDGE: TWO, CLOUD: "frozen"},
    ),
    "edge late by .5 s, cloud by 2 s": (
        {"edge": [lagging(0.5)], "cloud": [lagging(2.0)]},
        {EDGE: HALF, CLOUD: TWO},
    ),
    "swapped": ({"edge": [SWAPPED], "cloud": [SWAPPED]}, {EDGE: "swapped", CLOUD: "swapped"}),
    "shared edge": ({"edge": [SHARED]}, {EDGE: "shared"}),
    "lying edge, shared cloud": (
        {"edge": [lying(1800)], "cloud": [SHARED]},
        {MHZ: LIE, CLOUD: "shared"},
    ),
}
FEW = ["frozen edge, cloud late by .5 s", "edge late by 2 s, frozen cloud", "swapped"]
FEW += ["lying edge, shared cloud"]
TRIALS, CLEAN = 20, 50


def check_named(case: str, trials: int) -> None:
    """Each fault is named in each trial, and nothing else is."""
    faults, named = CASES[case]
    with boards(**faults) as preflights:
        for seed in range(trials):
            found = wrong(preflights.findings(seed))
            assert set(found) == set(named), (seed, found)
            for where, words in named.items():
                assert words in found[where], (seed, found)


def check_clean(profile: str, trials: int) -> None:
    with boards(profile=profile) as preflights:
        for seed in range(trials):
            assert wrong(preflights.findings(seed)) == {}, seed


@pytest.mark.parametrize("case", FEW)
def test_a_fault_is_named_in_each_of_a_few_trials(case):
    check_named(case, TRIALS // 10)


def test_a_few_clean_preflights_find_nothing():
    check_clean("quick", CLEAN // 10)


@pytest.mark.judge
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_named_in_each_trial(case):
    check_named(case, TRIALS)


@pytest.mark.judge
@pytest.mark.timeout(600)
def test_clean_preflights_find_nothing():
    check_clean("quick", CLEAN)

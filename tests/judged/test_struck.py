"""A campaign in which a fault strikes every 20 configurations: the same front, and all is told."""

import pytest

from tests.judged.struck import KINDS, NOISE_PCT, added, campaign, missing, strikes, struck
from tests.judged.struck_page import both

pytestmark = pytest.mark.slow


def assert_the_same_front(found, quiet) -> None:
    for differing in (missing(quiet, found), added(found, quiet)):
        assert not {words: off for words, off in differing if off > NOISE_PCT}
    assert not found.given_up


def test_a_tenth_of_a_struck_campaign_finds_the_same_front():
    quiet = campaign(configurations=20, front_repeats=1)
    faults = struck(KINDS[:1], quiet)
    found = campaign(faults, configurations=20, front_repeats=1)
    (strike,) = strikes(faults, found, quiet)
    assert strike.windows
    assert strike.is_told
    assert found.result.recovered
    assert len(found.result.searched) >= 20
    assert_the_same_front(found.result, quiet.result)


@pytest.mark.parametrize("kind", ["ignored_frequency", "throttling"])
def test_a_knob_that_is_refused_for_a_while_needs_no_hand(kind):
    """No window runs meanwhile, so that no board time passes but while the campaign rests."""
    quiet = campaign(configurations=20, front_repeats=1)
    (fault,) = struck([k for k in KINDS if k["fault"] == kind], quiet)
    found = campaign([{**fault, "for_s": 90.0}], configurations=20, front_repeats=1)
    assert any("in a row; it is seen whether that passes" in said for said in found.said)
    assert len(found.result.recovered) >= 3
    assert_the_same_front(found.result, quiet.result)


@pytest.mark.judge
@pytest.mark.timeout(1800)
def test_struck_campaigns_find_the_same_front_and_tell_each_fault():
    quiet, campaigns = both()
    assert len(quiet.result.searched) == 200
    for faults, found in campaigns:
        assert_the_same_front(found.result, quiet.result)
        silent = [s.fault["fault"] for s in strikes(faults, found, quiet) if not s.is_told]
        assert not silent

"""A campaign in which a fault strikes every 20 configurations: the same front, and all is told."""

import pytest

from tests.judged import deaths
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


def assert_it_went_on(found: deaths.Campaign, quiet: deaths.Campaign) -> None:
    assert found.measured == quiet.measured
    assert not found.twice
    assert all(found.errors)
    assert not [off for off in deaths.off_pct(found, quiet) if off > NOISE_PCT]


@pytest.mark.timeout(300)
def test_a_campaign_whose_host_is_gone_goes_on_by_the_same_command():
    """That its front is then as without is shown whole, and by tests/system/test_deaths.py."""
    found = deaths.campaign(deaths.struck(deaths.KINDS[3], 3.0), configurations=10, repeats=0)
    assert found.starts > 1
    assert all("the same command goes on" in error for error in found.errors)
    assert len(found.measured) >= 10
    assert not found.twice


@pytest.mark.judge
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", deaths.KINDS, ids=lambda kind: f"{kind['fault']}-{kind['host']}")
def test_a_campaign_that_dies_again_and_again_goes_on_by_the_same_command(kind):
    found = deaths.campaign(deaths.struck(kind))
    assert (found.starts > 3) == (kind["fault"] != "full_disk")
    assert_it_went_on(found, deaths.quiet_campaign())

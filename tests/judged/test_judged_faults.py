"""docs/judged.md is what is found: a tenth of its rows, and all."""

import pytest

from dynasplit.testbed.judging import GateRules
from tests.judged.alarms import NETWORKS, alarms
from tests.judged.page import PAGE, page
from tests.judged.table import made, places

pytestmark = pytest.mark.slow


def test_a_tenth_of_the_rows_is_what_is_found():
    text = PAGE.read_text(encoding="utf-8")
    for row in made(list(places())[3::10]):
        assert row in text, "make it anew: python -m tests.judged"


def test_of_a_tenth_of_the_quiet_windows_few_are_doubted():
    """So many are within chance (97.5 %) if 1 % of all are."""
    found = [alarms(network, "latency", GateRules(), seeds=2) for network in NETWORKS]
    assert sum(one.windows for one in found) == 240
    assert sum(one.alarms for one in found) <= 5


@pytest.mark.judge
@pytest.mark.timeout(1800)
def test_the_page_is_what_is_found():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "make it anew: python -m tests.judged"

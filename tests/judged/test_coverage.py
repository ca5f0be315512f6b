"""95 % intervals of energies hold the truth as often as they say: a tenth of the windows, and all.

Of a tenth, 200 windows a meter, a share is known to 1.5 points, so that single cells have more room
and all meters together have the bar's.
"""

import pytest

from tests.judged.coverage import ACCOUNTINGS, BAR_PCT, METERS, WINDOWS, cells, row
from tests.judged.page import PAGE

TENTH = WINDOWS // 10
ROOM_PCT = (89.0, 99.5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_tenth_of_the_windows_is_covered():
    found = {meter: cells(meter, TENTH) for meter in METERS}
    for meter, of_meter in found.items():
        for rule, cell in of_meter.items():
            assert ROOM_PCT[0] <= cell.held_pct <= ROOM_PCT[1], (meter, rule, cell)
    for rule in ACCOUNTINGS:
        held = sum(of_meter[rule].held for of_meter in found.values())
        assert BAR_PCT[0] <= 100 * held / TENTH / len(METERS) <= BAR_PCT[1], rule


@pytest.mark.judge
@pytest.mark.timeout(900)
@pytest.mark.parametrize("meter", METERS)
def test_every_cell_is_covered_and_is_on_the_page(meter):
    found = cells(meter)
    for rule, cell in found.items():
        assert BAR_PCT[0] <= cell.held_pct <= BAR_PCT[1], (rule, cell)
    assert row(meter, found) in PAGE.read_text(encoding="utf-8"), "python -m tests.judged"

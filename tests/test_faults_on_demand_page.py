"""docs/faults-on-demand.md says of each fault what its file says."""

from hosts.emulation.asked_faults import find, names
from tests.faults_on_demand_page import PAGE, PLACES, page


def test_the_page_is_what_the_faults_say():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "make it anew: python -m tests.faults_on_demand_page"


def test_each_fault_has_a_place_on_it():
    text = PAGE.read_text(encoding="utf-8")
    for name in names():
        assert find(name).place in PLACES
        assert f"| `{name}` |" in text

"""The table of docs/trust.md is what the gates state."""

from dynasplit.testbed.gates.base import gates
from tests.trust_page import PAGE, page, row


def test_the_page_is_what_the_gates_say():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "make it anew: python -m tests.trust_page"
    assert all(f"\n| `{name}` | " in text for name in gates())


def test_each_gate_says_all_that_a_row_needs():
    for gate in gates().values():
        cells = row(gate).strip("|\n ").split(" | ")
        assert len(cells) == 7
        assert all(cells), gate.name

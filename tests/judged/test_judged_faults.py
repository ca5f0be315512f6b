"""docs/judged.md is what is found: a tenth of its rows, and all."""

import pytest

from tests.judged.page import PAGE, page
from tests.judged.table import made, places

pytestmark = pytest.mark.slow


def test_a_tenth_of_the_rows_is_what_is_found():
    text = PAGE.read_text(encoding="utf-8")
    for row in made(list(places())[3::10]):
        assert row in text, "make it anew: python -m tests.judged"


@pytest.mark.judge
@pytest.mark.timeout(1800)
def test_the_page_is_what_is_found():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "make it anew: python -m tests.judged"

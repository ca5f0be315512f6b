"""docs/judged.md: what is between its markers is made by the parts of this folder."""

from collections.abc import Iterable
from pathlib import Path

from tests.judged import (
    alarms,
    coverage,
    deaths,
    energy_truth,
    headline,
    published,
    struck_page,
    table,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "judged.md"
PARTS = {
    "faults": table.text,
    "published": published.text,
    "campaign": struck_page.text,
    "alarms": alarms.text,
    "coverage": coverage.text,
    "headline": headline.text,
}
"""Each part of the page by the word in its markers, which comes out the same each time."""
ONCE = {"deaths": deaths.text, "lab": energy_truth.text}
"""Parts that depend on this machine, and when it was asked: made by name alone."""
END = "<!-- end of what is made -->\n"


def begin(part: str) -> str:
    named = f" {part}" if part in ONCE else ""
    return f"<!-- {part}: made by `python -m tests.judged{named}` -->\n"


def page(text: str, parts: Iterable[str] = tuple(PARTS)) -> str:
    """The page with some of its parts made anew; what is around them stays."""
    for part in parts:
        before, rest = text.split(begin(part))
        _, after = rest.split(END, 1)
        text = f"{before}{begin(part)}\n{(PARTS | ONCE)[part]()}\n{END}{after}"
    return text

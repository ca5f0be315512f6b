"""docs/judged.md: what is between its markers is made by the parts of this folder."""

from collections.abc import Iterable
from pathlib import Path

from tests.judged import alarms, coverage, headline, published, struck_page, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "judged.md"
PARTS = {
    "faults": table.text,
    "published": published.text,
    "campaign": struck_page.text,
    "alarms": alarms.text,
    "coverage": coverage.text,
    "headline": headline.text,
}
"""Each part of the page by the word in its markers."""
END = "<!-- end of what is made -->\n"


def begin(part: str) -> str:
    return f"<!-- {part}: made by `python -m tests.judged` -->\n"


def page(text: str, parts: Iterable[str] = tuple(PARTS)) -> str:
    """The page with some of its parts made anew; what is around them stays."""
    for part in parts:
        before, rest = text.split(begin(part))
        _, after = rest.split(END, 1)
        text = f"{before}{begin(part)}\n{PARTS[part]()}\n{END}{after}"
    return text

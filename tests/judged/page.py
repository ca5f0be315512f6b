"""docs/judged.md: what is between its markers is made by the parts of this folder."""

from pathlib import Path

from tests.judged import table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "judged.md"
PARTS = {"faults": table.text}
"""Each part of the page by the word in its markers."""
END = "<!-- end of what is made -->\n"


def begin(part: str) -> str:
    return f"<!-- {part}: made by `python -m tests.judged` -->\n"


def page(text: str) -> str:
    """The page with its parts made anew; what is around them stays."""
    for part, made in PARTS.items():
        before, rest = text.split(begin(part))
        _, after = rest.split(END, 1)
        text = f"{before}{begin(part)}\n{made()}\n{END}{after}"
    return text

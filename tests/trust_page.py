"""The table of docs/trust.md, made from the gates themselves.

python -m tests.trust_page
"""

from pathlib import Path

from dynasplit.testbed.gates.base import Gate, gates

PAGE = Path(__file__).resolve().parents[1] / "docs" / "trust.md"
BEGIN, END = "<!-- made by `python -m tests.trust_page` -->\n", "<!-- end of what is made -->\n"
HEAD = (
    "| gate | what it says | thresholds | where it fails | source | costs | without it |\n"
    "|---|---|---|---|---|---|---|\n"
)


def row(gate: type[Gate]) -> str:
    """A gate's line."""
    bars = "; ".join(
        f"`{t.name}={'null' if t.default is None else format(t.default, 'g')}` {t.meaning}"
        for t in gate.thresholds
    )
    cells = (f"`{gate.name}`", gate.meaning, bars, f"`{gate.action}`", gate.source, gate.cost)
    return f"| {' | '.join((*cells, gate.without))} |\n"


def page(text: str) -> str:
    """A page with its table made anew; what is around it stays."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + HEAD + "".join(map(row, gates().values())) + "\n" + END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

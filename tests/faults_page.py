"""The table of docs/faults.md, made from the tests that show the faults.

A test that shows one carries `pytest.mark.fault(group=..., fault=..., seen=..., kept=...)`. No test
is imported for it.

    python -m tests.faults_page
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- made by `python -m tests.faults_page` -->\n", "<!-- end of what is made -->\n"
GROUPS = {
    "hosts": "Hosts and their settings",
    "agents": "Agents and other programs",
    "link": "Links",
    "meters": "Meters",
    "search": "The search, and what ends it",
    "networks": "Networks",
    "files": "Files and tables",
    "wire": "What peers send",
    "room": "Room, results and records",
    "command line": "The command line",
}
"""The headings, in their order; below each, faults are in the order of the tests' files."""

HEAD = "| fault | what the user sees | what is kept | shown by |\n|---|---|---|---|\n"


class Fault(NamedTuple):
    """One row.

    Attributes:
        group: a key of `GROUPS`. fault, seen, kept: its texts; only `kept` may be empty.
        test: the test that shows it, as pytest names it.
    """

    group: str
    fault: str
    seen: str
    kept: str
    test: str


def faults(root: Path = ROOT) -> list[Fault]:
    """All of them, in the order of the page.

    Raises:
        ValueError: a marker that is none.
    """
    paths = sorted((root / "tests").rglob("test_*.py"))
    found = [fault for path in paths for fault in _of_file(path, str(path.relative_to(root)))]
    return sorted(found, key=lambda fault: list(GROUPS).index(fault.group))  # stable


def _of_file(path: Path, name: str) -> Iterator[Fault]:
    text = path.read_text(encoding="utf-8")
    if "mark.fault(" not in text:
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            for marker in markers(node):
                yield _fault(marker, f"{name}::{node.name}")


def markers(function: ast.FunctionDef) -> list[ast.Call]:
    """The decorators of a test that say a fault."""
    calls = [d for d in function.decorator_list if isinstance(d, ast.Call)]
    return [c for c in calls if ast.unparse(c.func) == "pytest.mark.fault"]


def _fault(marker: ast.Call, test: str) -> Fault:
    texts = {word.arg: ast.literal_eval(word.value) for word in marker.keywords}
    if marker.args or set(texts) - {"kept"} != {"group", "fault", "seen"}:
        raise ValueError(f"{test}: a fault has group, fault, seen, and kept where there is any")
    fault = Fault(**{"kept": "", **texts}, test=test)
    if fault.group not in GROUPS:
        raise ValueError(f"{test}: group {fault.group!r}; allowed: {', '.join(GROUPS)}")
    if any("|" in text or "\n" in text for text in fault):
        raise ValueError(f"{test}: a text with | or a line's end has no place in a table")
    return fault


def page(text: str, rows: list[Fault]) -> str:
    """A page with its table made anew; what is around it stays."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{_tables(rows)}\n{END}{after}"


def _tables(rows: list[Fault]) -> str:
    tables = ""
    for group, heading in GROUPS.items():
        lines = [
            f"| {r.fault} | {r.seen} | {r.kept} | `{r.test}` |" for r in rows if r.group == group
        ]
        tables += f"\n## {heading}\n\n{HEAD}" + "".join(f"{line}\n" for line in lines)
    return tables


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), faults()), encoding="utf-8")

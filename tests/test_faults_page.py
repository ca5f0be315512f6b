"""Each row of docs/faults.md is shown by a test that there is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\|.*\| `(tests/[\w/]+\.py)(?:::(\w+))?` \|$")


def test_each_fault_names_a_test_that_there_is():
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 30
    for row in rows:
        named = ROW.match(row)
        assert named is not None, row
        source = (ROOT / named[1]).read_text(encoding="utf-8")
        assert f"def {named[2] or 'test_'}" in source, row

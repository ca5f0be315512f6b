"""The table of docs/faults.md is what the tests say; they assert the messages that it quotes."""

import ast
import re
from pathlib import Path

import pytest

from tests.faults_page import GROUPS, PAGE, ROOT, Fault, faults, markers, page

QUOTE = re.compile(r"`([^`]+)`")
OPEN = re.compile(r"\.\.\.|[A-Z]{4,}")


@pytest.fixture(scope="module")
def rows() -> list[Fault]:
    return faults()


def test_the_page_is_what_the_tests_say(rows):
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, rows) == text, "make it anew: python -m tests.faults_page"


def test_each_group_has_faults_and_none_is_there_twice(rows):
    assert {row.group for row in rows} == set(GROUPS)
    assert len({row.fault for row in rows}) == len(rows) > 60


def test_a_message_that_is_quoted_is_asserted_where_it_is_shown(rows):
    for row in rows:
        path, _, test = row.test.partition("::")
        said = _asserted(ROOT / path, test)
        for quote in QUOTE.findall(row.seen):
            for piece in OPEN.split(quote):
                assert piece.strip() in said, (row.test, piece)


def _asserted(path: Path, test: str) -> str:
    """The words in a test, and in what its file has above it; not those of the marker itself."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    marked = {
        id(child)
        for function in module.body
        if isinstance(function, ast.FunctionDef)
        for marker in markers(function)
        for child in ast.walk(marker)
    }
    others = (ast.FunctionDef, ast.ClassDef)
    places = [
        node
        for node in module.body
        if not isinstance(node, others) or node.name == test or not node.name.startswith("test_")
    ]
    words = [
        node.value
        for place in places
        for node in ast.walk(place)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in marked
    ]
    return "\n".join(words).replace("\\", "")


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("group='nowhere', fault='a', seen='b'", "group 'nowhere'; allowed: hosts, agents"),
        ("group='link', fault='a'", "a fault has group, fault, seen"),
        ("'link', fault='a', seen='b'", "a fault has group, fault, seen"),
        ("group='link', fault='a', seen='b | c'", "no place in a table"),
    ],
)
def test_a_marker_that_is_none_is_refused(tmp_path, marker, said):
    (tmp_path / "tests").mkdir()
    test = f"@pytest.mark.fault({marker})\ndef test_it():\n    pass\n"
    (tmp_path / "tests/test_x.py").write_text(test)
    with pytest.raises(ValueError, match=said):
        faults(tmp_path)


def test_what_is_around_the_table_stays(rows):
    text = PAGE.read_text(encoding="utf-8")
    assert page(f"before {text} after", rows[:1]).startswith("before #")
    assert page(f"before {text} after", rows[:1]).endswith(" after")
    assert page(text, rows[:1]) != text

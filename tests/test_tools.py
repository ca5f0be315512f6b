"""What checks the source notices what it should: each check sees a source that breaks its rule."""

import textwrap

import pytest

from tools import rooms, sizes

TOP, ABOVE, BELOW = "experiments", "dynasplit.app", "dynasplit.core"


def test_the_floors_are_those_of_the_contracts_and_every_room_is_on_one():
    found = rooms.floors()
    assert found[0] == [TOP]
    assert any({"dynasplit.audit", "dynasplit.replay"} <= set(floor) for floor in found)
    names = [name for floor in found for name in floor]
    assert len(names) == len(set(names))
    there = {room for arrow in rooms.imports() for room in arrow}
    assert there <= set(names)


def test_no_arrow_goes_up_and_there_is_no_circle(tmp_path, capsys):
    assert rooms.main([str(tmp_path / "rooms.svg")]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"{ABOVE} " in said.out
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arrow", "is_wrong"),
    [
        ((ABOVE, BELOW), False),
        ((BELOW, ABOVE), True),
        (("dynasplit.audit", "dynasplit.replay"), True),
        ((ABOVE, "dynasplit.attic"), True),
    ],
)
def test_only_an_arrow_down_is_right(arrow, is_wrong):
    levels = {n: level for level, names in enumerate(rooms.floors()) for n in names}
    assert rooms.wrong([arrow], levels) == ([arrow] if is_wrong else [])


def test_a_circle_within_a_folder_is_found(tmp_path, monkeypatch):
    folder = tmp_path / "circular" / "room"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py"):
        path.write_text("")
    (folder / "one.py").write_text("import circular.room.two")
    (folder / "two.py").write_text("def late():\n    import circular.room.one")
    monkeypatch.syspath_prepend(tmp_path)
    assert len(rooms.circles(["circular"])) == 1


def test_a_wrong_arrow_is_drawn_in_red():
    drawn = rooms.dot([[ABOVE], [BELOW]], {(BELOW, ABOVE): 3}, [(BELOW, ABOVE)])
    assert f'"{BELOW}" -> "{ABOVE}" [label=3 color=red' in drawn


LONG = "\n".join(["def long():", *["    pass"] * sizes.FUNCTION_LINES])
WIDE = """
    class Record:
        def method(self, a, b, c, d, e, f, g): ...
        @staticmethod
        def plain(a, b, c, d, e, f, g, *, h): ...
    def many(a, b, c, d, e, f, /, g, *, h): ...
"""


def test_long_functions_and_many_parameters_are_named_with_what_is_allowed():
    found = sizes.over({"long.py": LONG, "wide.py": textwrap.dedent(WIDE)})
    assert found == [
        "long.py:1 long: 61 lines; allowed: 60",
        "wide.py:5 plain: 8 parameters; allowed: 7",
        "wide.py:6 many: 8 parameters; allowed: 7",
    ]


def test_long_modules_and_a_long_median_are_named():
    long = "\n" * (sizes.LINES + 1)
    assert sizes.over({"a.py": long, "b.py": "", "c.py": ""}) == [
        "a.py: 301 lines; allowed: 300",
    ]
    assert sizes.over({"a.py": long}) == [
        "a.py: 301 lines; allowed: 300",
        "the median module has 301 lines; allowed: 100",
    ]


def test_the_modules_counted_are_those_of_the_houses():
    names = set(sizes.sources())
    assert {"dynasplit/core/space.py", "hosts/agents/edge.py"} < names
    assert not any(name.startswith(("tests", "tools")) for name in names)

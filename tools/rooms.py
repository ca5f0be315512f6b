"""Draws which room imports which, floor by floor, and refuses arrows up and circles: `make graph`.

The floors are those of the layers in `.importlinter`, so that they are stated once; the imports are
those that import-linter itself finds (grimp). The drawing needs Graphviz; the text does not.

    python -m tools.rooms results/rooms.svg
"""

from __future__ import annotations

import argparse
import configparser
import itertools
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
TOP = "experiments"
"""The plans: above all rooms of the library, which are above what runs on hosts."""
FACE = "dynasplit"
"""The package itself: what a notebook imports, which nothing in it does."""

Arrow = tuple[str, str]


def floors(contracts: Path = ROOT / ".importlinter") -> list[list[str]]:
    """The rooms of each floor, from the top down.

    Raises:
        ValueError: a contract of layers has no container.
    """
    parser = configparser.ConfigParser()
    parser.read(contracts)
    found = [[TOP], [FACE]]
    for section in parser.values():
        if section.get("type") != "layers":
            continue
        container = section.get("containers", "").strip()
        if not container:
            raise ValueError(f"{section.name}: layers in a container asked, none found")
        layers = [re.split(r"[|:]", line) for line in section["layers"].strip().splitlines()]
        found += [[f"{container}.{name.strip()}" for name in layer] for layer in layers]
    return found


def imports() -> Counter[Arrow]:
    """How many imports there are from each room to each other one; a lone module is a room."""
    graph = grimp.build_graph("dynasplit", "hosts", "experiments", cache_dir=None)
    found: Counter[Arrow] = Counter()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            arrow = room(importer), room(imported)
            if arrow[0] != arrow[1]:
                found[arrow] += 1
    return found


def room(module: str) -> str:
    """The room that a module is in; all plans are one."""
    parts = module.split(".")
    return TOP if parts[0] == TOP else ".".join(parts[:2])


def wrong(arrows: Iterable[Arrow], levels: Mapping[str, int]) -> list[Arrow]:
    """Arrows that do not go down, and those of rooms that are on no floor.

    Where every arrow goes down there is no circle of rooms.
    """
    return [
        (one, other)
        for one, other in arrows
        if not (one in levels and other in levels and levels[one] < levels[other])
    ]


def circles(packages: Sequence[str] = ("dynasplit", "hosts", "experiments")) -> list[str]:
    """Import circles within a folder, as the imports that would break them up."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    folders = {module for module in graph.modules if graph.find_children(module)}
    return [
        f"{one} -> {other}"
        for folder in sorted(folders)
        for one, other in sorted(graph.nominate_cycle_breakers(folder))
    ]


def text(rows: Sequence[Sequence[str]], arrows: Mapping[Arrow, int]) -> str:
    """One line for each room: what it imports, and how often."""
    lines = []
    for number, names in enumerate(rows):
        for name in names:
            below = {other: n for (one, other), n in arrows.items() if one == name}
            told = ", ".join(f"{other} {n}" for other, n in sorted(below.items()))
            lines.append(f"{len(rows) - number:3}  {name:<22} {told or '-'}")
    return "\n".join(lines)


def dot(rows: Sequence[Sequence[str]], arrows: Mapping[Arrow, int], bad: Sequence[Arrow]) -> str:
    """The same for Graphviz, wrong arrows in red."""
    lines = ["digraph rooms {", '  node [shape=box fontname="sans-serif"]', "  newrank=true"]
    lines += [
        f"  {{ rank=same; {'; '.join(f'{chr(34)}{n}{chr(34)}' for n in names)} }}" for names in rows
    ]
    lines += [  # invisible: they keep the floors apart
        f'  "{above[0]}" -> "{below[0]}" [style=invis]' for above, below in itertools.pairwise(rows)
    ]
    for (one, other), count in sorted(arrows.items()):
        colour = "red" if (one, other) in bad else "gray40"
        lines.append(f'  "{one}" -> "{other}" [label={count} color={colour} fontsize=9]')
    return "\n".join([*lines, "}", ""])


def draw(source: str, path: Path) -> None:
    """Write the drawing, or its source where Graphviz is missing; says which."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("dot") is None:
        path = path.with_suffix(".dot")
        path.write_text(source)
        print(f"{path}; Graphviz (Debian package graphviz) would draw it")
        return
    kind = path.suffix.lstrip(".")
    subprocess.run(["dot", f"-T{kind}", "-o", str(path)], input=source, text=True, check=True)
    print(path)


def main(words: Sequence[str] | None = None) -> int:
    """Print, draw and check; returns the exit code."""
    parser = argparse.ArgumentParser(description="Which room imports which.")
    parser.add_argument("path", type=Path, nargs="?", default=ROOT / "results" / "rooms.svg")
    path: Path = parser.parse_args(words).path
    rows, arrows = floors(), imports()
    bad = wrong(arrows, {name: level for level, names in enumerate(rows) for name in names})
    print(text(rows, arrows))
    draw(dot(rows, arrows, bad), path)
    for one, other in bad:
        print(f"not down: {one} -> {other}", file=sys.stderr)
    found = circles()
    for circle in found:
        print(f"in a circle: {circle}", file=sys.stderr)
    return 1 if bad or found else 0


if __name__ == "__main__":
    sys.exit(main())

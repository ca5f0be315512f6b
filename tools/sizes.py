"""Checks how long modules and functions are, and how many parameters functions have: `make lint`.

python -m tools.sizes
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOUSES = ("dynasplit", "hosts", "experiments")
LINES, MEDIAN_LINES, FUNCTION_LINES, PARAMETERS = 300, 100, 60, 7

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(root: Path = ROOT) -> dict[str, str]:
    """The text of each module, by its path."""
    paths = (path for house in HOUSES for path in sorted((root / house).rglob("*.py")))
    return {str(path.relative_to(root)): path.read_text() for path in paths}


def over(texts: Mapping[str, str]) -> list[str]:
    """What is over its bar, one line each."""
    found = []
    lengths = {name: len(text.splitlines()) for name, text in texts.items()}
    for name, text in texts.items():
        if lengths[name] > LINES:
            found.append(f"{name}: {lengths[name]} lines; allowed: {LINES}")
        found += [f"{name}:{line}" for line in _functions(ast.parse(text))]
    median = statistics.median(lengths.values())
    if median > MEDIAN_LINES:
        found.append(f"the median module has {median:g} lines; allowed: {MEDIAN_LINES}")
    return found


def _functions(module: ast.Module) -> Iterator[str]:
    methods = {
        id(child): not any(_name(d) == "staticmethod" for d in child.decorator_list)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        for child in node.body
        if isinstance(child, Function)
    }
    functions = (node for node in ast.walk(module) if isinstance(node, Function))
    for node in sorted(functions, key=lambda function: function.lineno):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{node.lineno} {node.name}: {lines} lines; allowed: {FUNCTION_LINES}"
        count = _parameters(node.args) - methods.get(id(node), False)
        if count > PARAMETERS:
            yield f"{node.lineno} {node.name}: {count} parameters; allowed: {PARAMETERS}"


def _parameters(args: ast.arguments) -> int:
    return len(args.posonlyargs) + len(args.args) + len(args.kwonlyargs)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def main() -> int:
    """Check and print; returns the exit code."""
    found = over(sources())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

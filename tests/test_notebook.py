"""The notebook goes from a run's folder to figures; each cell of it runs."""

import ast
import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
OLDER = ROOT / "tests" / "older" / "quick_testbed"


def cells() -> list[str]:
    told = json.loads(NOTEBOOK.read_text())
    return ["".join(cell["source"]) for cell in told["cells"] if cell["cell_type"] == "code"]


def test_it_is_kept_without_what_it_printed():
    told = json.loads(NOTEBOOK.read_text())
    assert all(not cell.get("outputs") for cell in told["cells"])


@pytest.mark.medium
def test_each_cell_runs(tmp_path, monkeypatch):
    import matplotlib as mpl

    mpl.use("Agg")
    shutil.copytree(OLDER, tmp_path / "results" / "quick_testbed" / "first")
    monkeypatch.chdir(tmp_path)
    known: dict = {}
    shown = []
    for source in cells():
        lines = ast.parse(source).body
        *steps, last = lines
        exec(compile(ast.Module(steps, []), "cell", "exec"), known)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), known))
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), known)
    assert {path.name for path in tmp_path.glob("*.pdf")} == {
        *("front.pdf", "energy.pdf", "latency.pdf", "choices.pdf")
    }
    paper = {path.name for path in (tmp_path / "paper").iterdir()}
    assert {name for one in shown if isinstance(one, list) for name in one} == {
        name for name in paper if name.endswith(".pdf")
    }
    assert {"front.pdf", "cdfs.pdf", "met.pdf", "search.pdf", "timeline.pdf", "front.png"} <= paper
    assert shown[0][1:] == ("finished", 88, 100)
    assert list(shown[-1]["policy"]) == ["dynasplit"]
    assert known["trace"]["power_w"].notna().all()

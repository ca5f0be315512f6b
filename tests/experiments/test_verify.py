"""The experiment that verifies a run, as a person types it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import command_line

OLDER = Path(__file__).resolve().parents[1] / "older" / "quick_testbed"
MODELLED = ("hosts=modelled", "search=random", "search.trials=12", "search.fraction=null")


@pytest.mark.medium
def test_a_run_is_verified_and_what_is_done_to_it_ends_with_an_error(tmp_path):
    words = ("tracking=none", f"results_dir={tmp_path}")
    done = command_line("+experiment=quick_testbed", *MODELLED, "workload.requests=4", *words)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "quick_testbed").iterdir()
    asked = ("+experiment=verify", f"runs={folder}", *words)
    done = command_line(*asked)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines() if "  yes " in line] == [
        ["complete", "yes"],
        ["consistent", "yes"],
        ["untouched", "yes"],
    ]
    (folder / "front.png").unlink()
    done = command_line(*asked)
    assert done.returncode == 1
    assert "front.png: was there when the run finished, and is not now" in done.stderr
    told = json.loads(max((tmp_path / "verify").glob("*/verify.json")).read_text())
    assert [one["file"] for one in told["findings"]] == ["front.png"]


@pytest.mark.parametrize("given", [[], ["runs={elsewhere}"]])
def test_it_needs_the_folder_of_a_run(tmp_path, given):
    shutil.copy(OLDER / "runs.parquet", tmp_path)
    asked = [one.format(elsewhere=tmp_path / "runs.parquet") for one in given]
    done = command_line("+experiment=verify", *asked, f"results_dir={tmp_path / 'results'}")
    assert done.returncode == 2
    assert "+experiment=verify needs runs=FOLDER" in done.stderr

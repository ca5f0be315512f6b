"""+experiment=account, and a run's headline under every accounting."""

import dataclasses
import json
from pathlib import Path

import pytest

from dynasplit.accounting import build
from dynasplit.accounting._view import viewed
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_runs, write_runs
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile
from tests.commands import command_line
from tests.experiments.test_plans_on_tables import quick_space

NAMES = ("occupied", "active", "wall")


def table_at(path: Path, **absent: None) -> Path:
    testbed = ModelledTestbed(load_profile("quick"), "digits_cnn")
    rows = [testbed.measure(c) for c in quick_space().configurations]
    rows = [dataclasses.replace(row, **absent) for row in rows]
    write_runs(path, rows, model="digits_cnn", last_split_point=7)
    return path


def account(tmp_path: Path, runs: Path, *words: str) -> tuple[dict, Path, str]:
    place = (f"runs={runs}", f"results_dir={tmp_path}", "tracking=none")
    done = command_line("+experiment=account", *place, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "account").iterdir()
    return json.loads((folder / "account.json").read_text()), folder, done.stdout


@pytest.mark.medium
def test_finished_runs_are_counted_by_every_accounting(tmp_path):
    told, folder, said = account(tmp_path, table_at(tmp_path / "runs.parquet"))
    assert list(told["by_accounting"]) == list(NAMES)
    mean_j = {
        name: told["by_accounting"][name]["policies"]["cloud_only"]["energy_j_mean"]
        for name in NAMES
    }
    assert mean_j["active"] < mean_j["occupied"] < mean_j["wall"]
    for name in NAMES:
        front = ParetoFront.load(folder / f"front_{name}.json", accounting=name)
        assert len(front.summaries) == told["by_accounting"][name]["front_size"]
        assert (folder / f"front_{name}.png").stat().st_size > 5000
    assert "MODELLED" in said
    assert (folder / "accountings.png").stat().st_size > 5000


@pytest.mark.medium
def test_what_a_table_lacks_is_named_until_it_is_stated(tmp_path):
    runs = table_at(tmp_path / "runs.parquet", edge_idle_w=None, cloud_idle_w=None)
    told, _, said = account(tmp_path / "a", runs)
    assert "policies" in told["by_accounting"]["occupied"]
    assert "cloud_idle_w" in told["by_accounting"]["wall"]["lacks"]
    assert "Not known by energy=wall" in said
    told, _, _ = account(tmp_path / "b", runs, "energy.cloud_idle_w=125")
    assert "policies" in told["by_accounting"]["wall"]
    assert "edge_idle_w" in told["by_accounting"]["active"]["lacks"]


@pytest.mark.medium
def test_a_run_by_the_wall_keeps_fronts_and_tables_of_its_own(tmp_path):
    words = ("hosts=modelled", "search.trials=12", "workload.requests=5", "tracking=none")
    done = command_line(
        "+experiment=quick_testbed", "energy=wall", f"results_dir={tmp_path}", *words
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "quick_testbed").iterdir()
    runs = read_runs(folder / "runs.parquet")
    assert runs.accounting == "wall"
    back = viewed(runs.measurements, build("occupied"))
    assert all(m.energy_j < row.energy_j for m, row in zip(back, runs.measurements, strict=True))
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["accounting"] == "wall"
    told = summary["by_accounting"]["wall"]["policies"]["dynasplit"]["energy_j_mean"]
    assert told == pytest.approx(summary["policies"]["dynasplit"]["energy_j"]["mean"])
    refused = command_line(
        *("+experiment=quick_testbed", f"front={folder / 'front.json'}"),
        *(f"results_dir={tmp_path / 'other'}", *words),
    )
    assert refused.returncode == 2
    assert "by energy=wall; asked for: energy=occupied" in refused.stderr

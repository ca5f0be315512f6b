"""A run on recorded hosts and a replay of the same table say the same by the same words."""

import json
from pathlib import Path

import pytest

from dynasplit.core.space import Knob, SearchSpace
from dynasplit.tables import write_runs
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile
from tests.commands import command_line


@pytest.mark.medium
def test_a_run_and_its_replay_agree(tmp_path: Path) -> None:
    profile = load_profile("quick")
    knobs = [
        Knob("cpu_mhz", profile.edge.cpu_mhz),
        Knob("edge_accelerator", ("off", "max"), "edge", "off"),
        Knob("cloud_gpu", (False, True), "cloud", False),
    ]
    testbed = ModelledTestbed(profile, "digits_cnn")
    configurations = SearchSpace.build(range(8), 7, knobs).configurations
    table = tmp_path / "runs.parquet"
    rows = [testbed.measure(c, repeat=r) for c in configurations for r in range(3)]
    write_runs(table, rows, model="digits_cnn", last_split_point=7)
    words = (
        f"runs={table}",
        "workload.requests=60",
        "tracking=none",
        "figures.draw=false",
        f"results_dir={tmp_path}",
    )
    searched = ("hosts=recorded", "search=grid", "search.front_repeats=2")
    found = {}
    for name, asked in {
        "run": ("+experiment=quick_testbed", *searched, "name=run"),
        "replay": ("+experiment=replay", "replay.divisions=0", "name=replay"),
    }.items():
        done = command_line(*asked, *words)
        assert done.returncode == 0, done.stderr
        (folder,) = (tmp_path / name).iterdir()
        found[name] = json.loads((folder / "summary.json").read_text())
    run, replay = found["run"], found["replay"]
    assert run["workload"] == replay["workload"]
    assert run["search"]["hypervolume"] == pytest.approx(replay["search"]["hypervolume"], abs=0.02)
    for name in ("cloud_only", "edge_only"):
        for key in ("requests", "met_pct", "infeasible", "energy_saving_vs_cloud_pct"):
            assert run["policies"][name][key] == pytest.approx(replay["policies"][name][key]), key
        for key, bounds in run["policies"][name]["confidence_95"].items():
            assert bounds == pytest.approx(replay["policies"][name]["confidence_95"][key]), key

"""What a sweep averages over, what it shows, and by what its jobs are known."""

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from rich.console import Console

from dynasplit.app.setup.content_hash import content_of
from dynasplit.app.sweep.figures import Group, groups_of, known
from dynasplit.app.sweep.jobs import swept_options
from dynasplit.app.sweep.outcomes import Outcome
from dynasplit.app.sweep.table import shown_value, sweep_table
from dynasplit.config import load as composing
from dynasplit.core.intervals import of_seeds
from dynasplit.run.run_folder import open_run_folder
from dynasplit.run.run_record import runs_of_contents

ROOT = Path(__file__).resolve().parents[3]


def test_swept_options_are_those_that_not_all_jobs_have_alike():
    common = ["+experiment=quick_testbed", "hosts=modelled"]
    found = swept_options(
        [
            [*common, "seed=0", "search=random", "space.codec=[none,lz4]", "dry_run=true"],
            [*common, "seed=1", "search=random", "space.codec=[none]", "dry_run=false"],
            [*common, "seed=1", "search=random", 'results_dir="2026_11"'],
        ]
    )
    assert found == [
        {"seed": 0, "space.codec": "[none,lz4]", "dry_run": True, "results_dir": None},
        {"seed": 1, "space.codec": "[none]", "dry_run": False, "results_dir": None},
        {"seed": 1, "space.codec": None, "dry_run": None, "results_dir": "2026_11"},
    ]


def test_a_password_is_in_no_option():
    found = swept_options([["tracking.uri=https://me:s3cr3t@h"], ["tracking.uri=null"]])
    assert found == [{"tracking.uri": "https://me:***@h"}, {"tracking.uri": None}]


def test_the_interval_over_seeds_is_student_s():
    low, high = of_seeds(np.array([1.0, 2.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    assert of_seeds(np.array([5.0])) is None
    assert of_seeds(np.array([5.0, 5.0])) == (5.0, 5.0)


@pytest.mark.parametrize(
    ("name", "values", "interval"),
    [
        ("met_pct", [90.0, 100.0], (31.47, 100.0)),
        ("met_pct", [0.0, 10.0], (0.0, 68.53)),
        ("energy_j_mean", [1.0, 3.0], (0.0, 14.71)),
        ("energy_saving_vs_cloud_pct", [1.0, 3.0], (-10.71, 14.71)),
        ("search_hypervolume", [0.9, 1.0], (0.3147, 1.0)),
        ("met_pct", [97.0], None),
    ],
)
def test_an_interval_stays_where_the_figure_can_be(name, values, interval):
    found = known(name, values).interval
    assert found == (None if interval is None else pytest.approx(interval, abs=0.01))


def outcome(number: int, content: str = "", **options) -> Outcome:
    job = SimpleNamespace(number=number, options=options, content=content or str(number))
    return Outcome(job, "finished")


def summary(met: float, hypervolume: float = 0.5) -> dict:
    block = {"met_pct": met, "requests": 50, "confidence_95": {"met_pct": [0.0, 100.0]}}
    search = {"algorithm": "grid", "hypervolume": hypervolume, "testbed_time_s": None}
    return {"policies": {"cloud_only": block, "dynasplit": block}, "search": search}


def test_jobs_that_differ_in_seeds_alone_are_one_group():
    jobs = [
        outcome(1, seed=0, search="a"),
        outcome(2, seed=0, search="b"),
        outcome(3, seed=1, search="a"),
        outcome(4, seed=1, search="b"),
        outcome(5, content="1", seed=0, search="a"),  # the first one, asked for twice
    ]
    found = groups_of(jobs, {1: summary(80.0), 3: summary(90.0), 5: summary(80.0)})
    assert [(g.options, g.jobs, g.runs) for g in found] == [
        ({"search": "a"}, 2, 2),
        ({"search": "b"}, 2, 0),
    ]
    first, second = found
    assert first.head == "dynasplit"
    assert first.figures["dynasplit"]["met_pct"].mean == 85.0
    assert first.figures["dynasplit"]["search_hypervolume"].values == (0.5, 0.5)
    assert set(first.figures["dynasplit"]) == {"met_pct", "search_hypervolume"}
    assert (second.head, second.figures) == (None, {})


def group(runs: int = 3, **options) -> Group:
    values = {
        "met_pct": [88.25, 97.5, 100.0],
        "energy_j_mean": [100.25, 120.5, 133.0],
        "energy_saving_vs_cloud_pct": [-12.5, 55.5, 60.25],
        "latency_ms_median": [1000.5, 1200.0, 1300.0],
        "search_hypervolume": [0.875, 0.91, 0.999],
    }
    figures = {n: known(n, v[:runs]) for n, v in values.items()} if runs else {}
    return Group(
        options, 3, runs, dict.fromkeys(("dynasplit", "cloud_only"), figures) if runs else {}
    )


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ({}, "latency ms"),
        ({"search": "structured"}, "latency ms"),
        ({"search": "structured", "workload.requests": 5000}, "volume"),
        ({"search": "structured", "workload.requests": 5, "policy.quantile": 0.9}, "saved, of"),
        (
            {"front": "/a/folder/far/away/of/runs/quick_testbed.parquet", "seed_of": None},
            "energy J",
        ),
    ],
)
def test_the_table_fits_100_columns_and_shows_what_there_is_room_for(options, columns):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(sweep_table([group(**options), group(0, **options)], "A sweep"))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert columns in text
    assert "95.2" in text
    assert ("0 of 3" in text) == bool(options)
    assert "…" not in text or "quick_testbed.parquet" in text


def test_values_are_shown_as_they_are_said():
    assert [shown_value(v) for v in (True, None, 0.5, "a" * 30)] == [
        "true",
        "null",
        "0.5",
        "…" + 23 * "a",
    ]


def test_a_finished_run_is_known_by_its_content(tmp_path):
    for content, is_finished in (("a", True), ("a", False), ("b", False), ("", True)):
        with open_run_folder(tmp_path, "x", f"id {content}", resume=False) as run:
            run.know_by(content)
            if is_finished:
                run.finish()
    found = runs_of_contents(tmp_path / "x", {"a", "b", "c", ""})
    assert {content: record.state for content, (_, record) in found.items()} == {
        "a": "finished",
        "b": "unfinished",
    }


def test_content_is_all_that_the_result_depends_on(tmp_path):
    composing.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        made = compose("config", overrides=["+experiment=quick_testbed", "hosts=modelled"])
    config = composing.load(made)
    own = content_of(config)
    alike = (
        replace(config, results_dir="elsewhere", debug=True, resume=False),
        replace(config, replay=replace(config.replay, threads=7)),
        replace(config, tracking=replace(config.tracking, kind="none")),
    )
    assert {content_of(one) for one in alike} == {own}
    assert content_of(replace(config, seed=1)) != own
    assert content_of(replace(config, resume=str(tmp_path))) != own
    table = tmp_path / "front.json"
    table.write_text("{}")
    named = replace(config, front=str(table))
    before = content_of(named)
    table.write_text("{ }")
    assert content_of(named) != before

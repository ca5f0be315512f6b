"""What runs give, in one row each: `python -m tests.system.golden` writes the table anew.

A row names the run, says its figures shortly for a person, and holds digests of all of them: the
configurations in the order measured, their latencies, energies and qualities, the front, and what
each policy chose for each request. A later change that moves one of them renews the row, and says
why in its commit.
"""

import csv
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("golden.csv")
PUBLISHED_WAY = ("workload=reference", "workload.serve=window")
EXPERIMENTS = {
    "quick_testbed": ("+experiment=quick_testbed", *PUBLISHED_WAY),
    "vgg16_modelled": ("+experiment=vgg16_testbed", "hosts=modelled", *PUBLISHED_WAY),
}
SEARCHES = ("nsga3", "structured", "tpe")
SEEDS = range(5)
CONFIGURATION = ["split_point", "cpu_mhz", "edge_accelerator", "cloud_gpu"]
Row = dict[str, str]


def key_of(row: Row) -> tuple[str, str, str]:
    return row["experiment"], row["search"], row["seed"]


def recorded() -> dict[tuple[str, str, str], Row]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {key_of(row): row for row in csv.DictReader(file)}


def check(rows: Sequence[Row], runs: int) -> None:
    """Each of so many runs gives what its row of the table says."""
    before = recorded()
    assert len(rows) == runs
    for row in rows:
        assert row == before[key_of(row)], key_of(row)


def measured(experiment: str, searches: Sequence[str], seeds: Iterable[int]) -> list[Row]:
    """Run one experiment for each search and seed, in one command; a row for each run."""
    with tempfile.TemporaryDirectory() as folder:
        words = [f"search={','.join(searches)}", f"seed={','.join(map(str, seeds))}"]
        quiet = [f"results_dir={folder}", "tracking=none", "figures.draw=false"]
        done = subprocess.run(
            [sys.executable, "run_experiment.py", "-m", *EXPERIMENTS[experiment], *words, *quiet],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [row_of(experiment, p.parent) for p in sorted(Path(folder).glob("*/*/run.json"))]


def row_of(experiment: str, folder: Path) -> Row:
    """The row of a finished run's folder."""
    summary = pd.read_json(folder / "summary.json", typ="series")
    runs = pd.read_parquet(folder / "runs.parquet")
    requests = pd.read_parquet(folder / "requests.parquet")
    front = pd.json_normalize(pd.read_json(folder / "front.json", typ="series")["front"])
    members = front["summaries"][0]
    return {
        "experiment": experiment,
        "search": summary["search"]["algorithm"],
        "seed": str(summary["seed"]),
        "runs": str(len(runs)),
        "median_ms": f"{runs.latency_ms.median():.6g}",
        "median_j": f"{runs.energy_j.median():.6g}",
        "front": str(len(members)),
        "met_pct": f"{summary['policies']['dynasplit']['met_pct']:g}",
        "configurations": digest(map(tuple, runs[CONFIGURATION].to_numpy().tolist())),
        "latencies": digest(runs.latency_ms),
        "energies": digest(runs.energy_j),
        "qualities": digest(runs.get("accuracy", ())),
        "front_members": digest((m["latency_ms"], m["energy_j"]) for m in members),
        "choices": digest(
            map(tuple, requests[["request", "policy", "met", *CONFIGURATION]].to_numpy().tolist())
        ),
        "served": digest(requests.latency_ms),
    }


def digest(values: Iterable[object]) -> str:
    """A short hash; numbers count to nine digits."""
    return hashlib.sha256("\n".join(map(_text, values)).encode()).hexdigest()[:12]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_text, value))
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def main() -> None:
    rows = [row for name in EXPERIMENTS for row in measured(name, SEARCHES, SEEDS)]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=key_of))


if __name__ == "__main__":
    main()

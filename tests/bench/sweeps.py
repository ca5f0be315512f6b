"""Prints how much sooner a sweep of replays is done by joblib than one after another.

python -m tests.bench.sweeps            8 replays of 10 s or more, twice: some minutes
python -m tests.bench.sweeps --small    4 short ones
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dynasplit.tables import write_runs
from tests.bench.__main__ import grid

ROOT = Path(__file__).resolve().parents[2]
CORES, BAR = 2, 1.6
LONG_ENOUGH_S, FIRST = 10.0, 20_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of a sweep by joblib.")
    parser.add_argument("--small", action="store_true", help="4 short replays")
    small = parser.parse_args().small
    if importlib.util.find_spec("hydra_plugins.hydra_joblib_launcher") is None:
        print("hydra/launcher=joblib is not installed: pip install -r requirements-joblib.txt")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        runs = folder / "runs.parquet"
        write_runs(runs, grid(), model="vgg16", last_split_point=22)
        requests, jobs = (100_000, 4) if small else (long_enough(runs, folder), 8)
        one_s = sweep_s(runs, folder / "one", requests, jobs)
        side_s = sweep_s(runs, folder / "side", requests, jobs, "hydra/launcher=joblib")
    print(f"{jobs} replays of {requests:,} requests with replay.threads=1, on {CORES} cores")
    print(f"  {'one after another':<32} {one_s:8.1f} s   ({one_s / jobs:.1f} s each)")
    print(f"  {'hydra/launcher=joblib':<32} {side_s:8.1f} s")
    verdict = "ok" if one_s / side_s >= BAR else "UNDER"
    print(f"  {'as fast':<32} {one_s / side_s:8.2f}     (bar {BAR:g})  {verdict}")


def long_enough(runs: Path, folder: Path) -> int:
    """How many requests a replay has to serve so that it takes long enough."""
    took_s = sweep_s(runs, folder / "first", FIRST, 1)
    # of which a third or so is the start, that more requests do not lengthen
    return int(round(FIRST * max(1.0, 2.0 * LONG_ENOUGH_S / took_s), -6))


def sweep_s(runs: Path, results: Path, requests: int, jobs: int, *words: str) -> float:
    """How long a sweep of replays with seeds of their own takes, in s."""
    launcher = [f"hydra.launcher.n_jobs={CORES}"] if words else []
    seeds = ",".join(map(str, range(jobs)))
    asked = [
        *("+experiment=replay", f"runs={runs}", f"workload.requests={requests}"),
        *("replay.threads=1", "replay.divisions=0", "tracking=none"),
        *(f"seed={seeds}", f"results_dir={results}"),
    ]
    before_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "run_experiment.py", "-m", *asked, *words, *launcher],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{jobs} of {jobs} jobs" in done.stdout
    return time.perf_counter() - before_s


if __name__ == "__main__":
    main()

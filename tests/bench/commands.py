"""Prints how long commands take that people wait for, each beside its bar.

python -m tests.bench.commands            all; VGG16 from nothing takes some minutes
python -m tests.bench.commands --small    without the experiments
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUICK, VGG16 = "+experiment=quick_testbed", "+experiment=vgg16_testbed"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long commands take.")
    parser.add_argument("--small", action="store_true", help="without the experiments")
    small = parser.parse_args().small
    told("listing the experiments", best_s([], 5), 0.3)
    told("--help", best_s(["--help"], 5), 0.3)
    told("a dry run of emulated hosts", best_s([QUICK, "dry_run=true"], 3), 0.9)
    cuts()
    if not small:
        experiments()


def experiments() -> None:
    """The two experiments, with cold caches and with warm ones."""
    with tempfile.TemporaryDirectory() as place:
        cache = {"DYNASPLIT_CACHE": f"{place}/cache"}
        results = f"results_dir={place}/results"
        told("quick_testbed, cold", run_s([QUICK, results], cache), 60)
        told("vgg16_testbed, cold", run_s([VGG16, results], cache), 8 * 60)
        told("vgg16_testbed, warm", run_s([VGG16, results], cache), 3 * 60)


def cuts() -> None:
    """Finding the cut points of published networks, and counting their work."""
    import keras

    from hosts.models.keras_graphs.graph import cut_points
    from hosts.models.prepare.macs import mmac_by_cut

    for name in ("VGG16", "ResNet50", "MobileNetV2"):
        model = getattr(keras.applications, name)(weights=None)
        before_s = time.perf_counter()
        found = cut_points(model)
        told(f"cut points of {name}", time.perf_counter() - before_s, 0.1)
        before_s = time.perf_counter()
        mmac_by_cut(model, found)
        told(f"multiply-accumulates of {name}", time.perf_counter() - before_s, 10)


def best_s(words: list[str], times: int) -> float:
    """The shortest of several starts of the command, in s."""
    return min(run_s(words, {}) for _ in range(times))


def run_s(words: list[str], variables: dict[str, str]) -> float:
    """How long one start of the command takes, in s."""
    before_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "run_experiment.py", *words],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - before_s


def told(what: str, took_s: float, bar_s: float) -> None:
    """Print a figure beside its bar."""
    verdict = "ok" if took_s <= bar_s else "OVER"
    print(f"{what:42} {took_s:8.3f} s   (bar {bar_s:g} s)  {verdict}", flush=True)


if __name__ == "__main__":
    main()

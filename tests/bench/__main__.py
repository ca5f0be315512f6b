"""Prints how fast choosing, fronts and replays are, each beside a plain alternative.

python -m tests.bench            all; the largest replay takes some seconds
python -m tests.bench --small    without it
"""

from __future__ import annotations

import argparse
import bisect
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from dynasplit.core.measurement import summarise
from dynasplit.core.space import Knob, SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies import build, names
from dynasplit.online.workloads.weibull import Weibull
from dynasplit.replay.replay import Replay
from dynasplit.tables import read_runs, write_runs
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.recorded import RecordedTestbed
from hosts.emulation.profile import load_profile

REPEATS = 7


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of the core.")
    parser.add_argument("--small", action="store_true", help="without 10^8 requests")
    small = parser.parse_args().small
    with tempfile.TemporaryDirectory() as folder:
        runs_file = Path(folder) / "runs.parquet"
        measurements = grid()
        write_runs(runs_file, measurements, model="vgg16", last_split_point=22)
        choosing(ParetoFront.of_runs(read_runs(runs_file)))
        fronts(measurements, Path(folder))
        for requests in (10_000, 1_000_000, *(() if small else (100_000_000,))):
            replaying(runs_file, requests)


def grid() -> list:
    """The 917 configurations of the published testbed, each measured once by its profile."""
    profile = load_profile("pi4_coral_v100")
    knobs = [
        Knob("cpu_mhz", profile.edge.cpu_mhz),
        Knob("edge_accelerator", profile.edge.accelerator_modes, "edge", "off"),
        Knob("cloud_gpu", (False, True), "cloud", False),
    ]
    testbed = ModelledTestbed(profile, "vgg16")
    return [testbed.measure(c) for c in SearchSpace.build(range(23), 22, knobs).configurations]


def timed(what: str, work: Callable[[], object], count: int = 1, unit: str = "us") -> float:
    """Median and quartiles of the time for one of `count` things; returns the median in s."""
    work()
    took_s = []
    for _ in range(REPEATS):
        before_s = time.perf_counter()
        work()
        took_s.append((time.perf_counter() - before_s) / count)
    q25, median, q75 = (v * {"ns": 1e9, "us": 1e6, "ms": 1e3}[unit] for v in quartiles(took_s))
    print(f"  {what:<52} {median:10.3f} {unit}   (quartiles {q25:.3f}, {q75:.3f})")
    return statistics.median(took_s)


def quartiles(values: list[float]) -> list[float]:
    """The three of them."""
    return statistics.quantiles(values, n=4, method="inclusive")


def choosing(front: ParetoFront) -> None:
    """One choice at a time, and many at once."""
    print(f"Choosing from {len(front.summaries)} configurations")
    policy = build("dynasplit", front)
    thresholds = np.random.default_rng(0).uniform(90, 5000, 10_000)
    listed = thresholds.tolist()
    table = pd.DataFrame(
        sorted((s.energy_j, s.latency_ms) for s in front.summaries), columns=["energy", "latency"]
    )
    steps = sorted(s.latency_ms for s in front.summaries)
    choose = policy.choose

    def scan() -> None:
        for threshold in listed[:50]:
            for _, row in table.iterrows():
                if row["latency"] <= threshold:
                    break

    def policy_loop() -> None:
        for threshold in listed:
            choose(threshold)

    def bisect_loop() -> None:
        for threshold in listed:
            bisect.bisect_right(steps, threshold)

    one_s = timed("policy, one request", policy_loop, len(listed))
    timed("bare bisect, one request", bisect_loop, len(listed))
    scan_s = timed("row-by-row scan of a DataFrame, one request", scan, 50)
    print(f"  {'the scan takes':<52} {scan_s / one_s:10.0f} times as long as the policy")
    many = np.tile(thresholds, 100)
    timed("policy, array of 10^6", lambda: policy.choose_many(many), len(many), "ns")


def fronts(measurements: list, folder: Path) -> None:
    """From 917 trials, and from a file."""
    print("Front from 917 trials")
    summaries = summarise(measurements)

    def in_memory() -> ParetoFront:
        return ParetoFront.build(summaries, model="vgg16", last_split_point=22, source="modelled")

    timed("in memory", in_memory, unit="ms")
    in_memory().save(folder / "front.json")
    timed("from its file", lambda: ParetoFront.load(folder / "front.json"), unit="ms")
    for name in ("runs.parquet", "runs.csv"):
        write_runs(folder / name, measurements, model="vgg16", last_split_point=22)
        timed(f"from {name}", partial(_front_of, folder / name), unit="ms")


def _front_of(path: Path) -> ParetoFront:
    return ParetoFront.of_runs(read_runs(path))


def replaying(runs_file: Path, requests: int) -> None:
    """Requests by five policies on recorded runs, computing alone."""
    runs = read_runs(runs_file)
    front = ParetoFront.of_runs(runs)
    policies = {name: build(name, front) for name in names()}
    latencies_ms = [s.latency_ms for s in front.summaries]
    thresholds = Weibull(count=requests, min_ms=min(latencies_ms), max_ms=5000.0)
    replay = Replay.of(policies, RecordedTestbed(runs, 0), thresholds)
    print(f"Replay of {requests:,} requests by {len(policies)} policies")
    if requests > 1_000_000:
        before_s = time.perf_counter()
        replay.figures()
        print(f"  {'once':<52} {time.perf_counter() - before_s:10.2f} s")
    else:
        timed("computing alone", replay.figures, unit="ms")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {'peak memory of this process so far':<52} {peak_mb:10.0f} MB")


if __name__ == "__main__":
    main()

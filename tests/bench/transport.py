"""Bars of streaming: round trips, throughput, switching, memory; real agents and TLS on loopback.

python -m tests.bench.transport
python -m tests.bench.transport --int8 MANIFEST --float32 MANIFEST    instead of the cache's
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from dynasplit.testbed.window_times import counted, stages, throughput_rps
from hosts.models.prepared.manifest import Manifest
from hosts.wire.messages import RunReport
from tests.bench.agents import Pair, pair_of_agents
from tests.bench.bare import bare_stream
from tests.bench.networks import SIDE, vgg16, wide

ROUNDS = 7
LOADS = 3
EDGE_CORE, CLOUD_CORE = {0}, {1}
FLOAT_SPLIT = 10
INT8_SPLITS = (4, 12, 19)
SWITCHED = (2, 6, 10, 14, 18, 21)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Bars of streaming.")
    parser.add_argument("--int8", type=Path)
    parser.add_argument("--float32", type=Path)
    given = parser.parse_args()
    print("Streaming, real agents on loopback under TLS")
    round_trips()
    with pair_of_agents() as pair:
        integers = _manifest(given.int8, "int8")
        pair.load(integers)
        memory(pair, "int8")
        switching(pair, integers)
        _apart(pair)
        for split_point in INT8_SPLITS:
            modes(pair, split_point, "int8")
    with pair_of_agents() as pair:
        pair.load(_manifest(given.float32, "float32"))
        memory(pair, "float32")
        _apart(pair)
        pipelining(pair)


def _apart(pair: Pair) -> None:
    """Each agent on a core of its own."""
    pair.edge.hold_to(EDGE_CORE)
    pair.cloud.hold_to(CLOUD_CORE)


def _manifest(path: Path | None, precision: str) -> Manifest:
    if path is None:
        return vgg16(precision)
    return msgspec.json.decode(path.read_bytes(), type=Manifest)


def told(what: str, value: float, unit: str, bar: str) -> None:
    """One line of a figure and its bar."""
    print(f"  {what:<62} {value:9.3f} {unit:<4} (bar: {bar})", flush=True)


def round_trips(count: int = 60) -> None:
    """588 KB through the agents beyond computing, against a bare stream, side by side."""
    frame = np.random.default_rng(0).bytes(SIDE * SIDE * 3 * 4)
    bare_ms, agents_ms = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        bare_stream() as bare,
        pair_of_agents() as pair,
    ):
        pair.load(wide(Path(folder)))
        pair.run(0, count)
        for _ in range(ROUNDS):
            bare_ms += [bare.round_trip_ms(frame) for _ in range(count)]
            inside = counted(pair.run(0, count))
            agents_ms += [stages([i, i]).transfer_ms for i in inside]
    bare_median_ms, agents_median_ms = statistics.median(bare_ms), statistics.median(agents_ms)
    told("588 KB there and back, bare gRPC stream", bare_median_ms, "ms", "none")
    told("588 KB there and back, beyond computing", agents_median_ms, "ms", "none")
    told("their ratio", agents_median_ms / bare_median_ms, "", "at most 1.5")


def switching(pair: Pair, manifest: Manifest) -> None:
    """What a change of the split point adds: when first loaded, and when resident.

    The least of some rounds each: whatever else runs here adds to a time, and never takes off.
    """
    loaded: dict[int, list[float]] = {k: [] for k in SWITCHED}
    resident: dict[int, list[float]] = {k: [] for k in SWITCHED}
    for _ in range(LOADS):
        pair.load(manifest)
        pair.run(1, 2)  # warm
        for found in (loaded, *(resident for _ in range(ROUNDS // LOADS))):
            for k in SWITCHED:
                found[k].append(_switch_ms(pair, k))
    for what, found, most in (("loaded first", loaded, "500"), ("resident", resident, "20")):
        least = {k: min(times) for k, times in found.items()}
        slowest = max(least, key=lambda k: least[k])
        median = statistics.median(least.values())
        told(f"switching, {what}: median split point", median, "ms", f"at most {most}")
        told(f"switching, {what}: split {slowest}, the slowest", least[slowest], "ms", most)
    told("edge agent's memory with all of these", pair.edge.memory_mb, "MB", "none")


def _switch_ms(pair: Pair, split_point: int) -> float:
    """The call beside its inferences, and what the first of them takes more than the others."""
    start_s = time.perf_counter()
    report = pair.run(split_point, 6)
    call_ms = (time.perf_counter() - start_s) * 1e3
    all_ms = [(i.end_ns - i.start_ns) / 1e6 for i in report.inferences]
    return call_ms - sum(all_ms) + max(0.0, all_ms[0] - statistics.median(all_ms[1:]))


def modes(pair: Pair, split_point: int, what: str) -> tuple[float, float, list[RunReport]]:
    """Throughput mode against latency mode, alternately; inferences per second of both."""
    pair.run(split_point, 3)
    latency, throughput = [], []
    for _ in range(ROUNDS):
        latency.append(pair.run(split_point, 10))
        throughput.append(pair.run(split_point, 20, mode="throughput"))
    slow, fast = (_median(throughput_rps, runs) for runs in (latency, throughput))
    name = f"{what} split {split_point}"
    told(f"{name}: latency mode", slow, "1/s", "none")
    told(f"{name}: throughput mode", fast, "1/s", "none")
    bar = "at least 1.5" if what == "float32" else "at least 1"
    told(f"{name}: throughput mode to latency mode", fast / slow, "", bar)
    return slow, fast, latency


def pipelining(pair: Pair) -> None:
    """Throughput mode against what the slowest stage alone allows, each agent on one core."""
    _, fast, latency = modes(pair, FLOAT_SPLIT, "float32")
    alone = [stages(counted(report)) for report in latency]
    edge_ms = statistics.median(s.edge_ms + (s.encode_ms or 0) for s in alone)
    cloud_ms = statistics.median(s.cloud_ms + (s.decode_ms or 0) for s in alone)
    told("float32: head alone", edge_ms, "ms", "none")
    told("float32: tail alone", cloud_ms, "ms", "none")
    share = fast / (1000 / max(edge_ms, cloud_ms))
    told("float32: share of what the slowest stage allows", share, "", "at least .9")


def _median(figure: Callable[[RunReport], float], runs: list[RunReport]) -> float:
    return statistics.median(figure(run) for run in runs)


def memory(pair: Pair, what: str) -> None:
    """The edge agent's memory after split point 10, and whether TensorFlow is in it."""
    pair.run(FLOAT_SPLIT, 3)
    told(f"edge agent's memory, vgg16 {what}", pair.edge.memory_mb, "MB", "at most 300")
    loaded = "yes" if pair.edge.has_tensorflow else "no"
    print(f"  {'TensorFlow loaded on the edge':<62} {loaded:>9}      (bar: no)", flush=True)
    print(f"  {'cloud agent':<62} {pair.cloud.memory_mb:9.0f} MB", flush=True)


if __name__ == "__main__":
    main()

"""The replay gives what a plain loop over requests gives, in bounded memory."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasplit.core.counter_rng import pick, request_bits
from dynasplit.core.errors import DataError
from dynasplit.core.grouped import by_configuration
from dynasplit.core.measurement import Measurement, Testbed
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.log_bins import Steps
from dynasplit.online.metered import Metered
from dynasplit.online.policies import Policy
from dynasplit.online.policy_figures import policy_blocks, summarise_requests
from dynasplit.online.requests import Requests
from dynasplit.online.workload import Workload
from dynasplit.online.workloads.reference import Reference
from dynasplit.replay import exceedance
from dynasplit.replay.exceedance import Exceedances
from dynasplit.replay.replay import Replay
from dynasplit.tables import RunsTable
from dynasplit.testbed.recorded import RecordedTestbed


def recorded(
    seed: int, size: int = 12, singles: bool = False
) -> tuple[RecordedTestbed, dict[str, Policy]]:
    """Runs of a made-up testbed, one to five of each configuration, and every policy.

    With `singles`, runs keep the latencies of inferences, but for those of one configuration.
    """
    random = np.random.default_rng(seed)
    runs = [
        Measurement(
            configuration=Configuration.of(k, cpu_mhz=1000),
            repeat=repeat,
            latency_ms=float(random.uniform(50, 100) * (k + 1)),
            energy_j=float(random.uniform(50, 90) / (k + 1)),
            accuracy=float(random.choice([0.6, 0.7])),
            inference_ms=tuple(random.uniform(40, 120, random.integers(1, 9)) * (k + 1))
            if singles and k
            else (),
        )
        for k in range(size)
        for repeat in range(random.integers(1, 6))
    ]
    table = RunsTable.of(runs, model="m", last_split_point=size - 1)
    front = ParetoFront.of_runs(table)
    return RecordedTestbed(table, seed), {n: policies.build(n, front) for n in policies.names()}


def plain_loop(
    found: dict[str, Policy], testbed: Testbed, thresholds: Workload
) -> list[ServedRequest]:
    rows = []
    for name, policy in found.items():
        for request in thresholds.requests():
            chosen = policy.choose(request.threshold_ms)
            rows.append(
                ServedRequest(
                    request=request.index,
                    network=request.network,
                    policy=name,
                    threshold_ms=request.threshold_ms,
                    measurement=testbed.measure(
                        chosen.configuration, request=request.index, stream=name
                    ),
                    infeasible=request.threshold_ms < policy.feasible_above_ms,
                )
            )
    return rows


def flat(blocks: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """Nested figures by path; NaN where there is none."""
    found: dict[str, float] = {}
    for name, value in blocks.items():
        if isinstance(value, list):
            value = dict(zip(("low", "high"), value, strict=True))
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = math.nan if value is None else value
    return found


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1000),
    st.lists(st.floats(20, 1500), min_size=1, max_size=60),
    st.integers(1, 70),
    st.booleans(),
)
@pytest.mark.medium
def test_the_replay_equals_a_plain_loop(
    seed: int, thresholds: list[float], chunk: int, singles: bool
) -> None:
    testbed, found = recorded(seed, singles=singles)
    index = np.random.default_rng(seed).permutation(10**6)[: len(thresholds)]
    workload = Workload(index, np.array(thresholds), "m")
    replay = Replay.of(found, testbed, workload, singles=singles)
    figures = policy_blocks(replay.figures(chunk=chunk))
    known = by_configuration(testbed.runs.measurements)
    one_by_one = Requests(testbed, Metered(known, testbed.measure)) if singles else testbed
    rows = plain_loop(found, one_by_one, workload)
    expected = summarise_requests(rows)
    assert flat(figures) == pytest.approx(flat(expected), rel=1e-12, abs=1e-9, nan_ok=True)
    first = replay.rows(len(thresholds))
    for name in found:
        runs = first[name][1]
        assert runs == [
            dataclasses.replace(r.measurement, repeat=runs[i].repeat, source=runs[i].source)
            for i, r in enumerate(r for r in rows if r.policy == name)
        ]


def test_a_request_is_one_inference_of_a_run_and_pays_its_configurations_mean() -> None:
    testbed, found = recorded(3, singles=True)
    replay = Replay.of(found, testbed, Reference(20_000, 2, 50, 900), singles=True)
    (choice,) = found["edge_only"].choices
    runs = testbed.recorded(choice.configuration)
    every = sorted(ms for run in runs for ms in run.inference_ms)
    figures = replay.figures()["edge_only"]
    assert sorted(figures.latency_ms.values) == every
    assert min(figures.latency_ms.counts) > 0
    assert figures.energy_j is not None
    assert figures.energy_j.mean() == pytest.approx(np.mean([run.energy_j for run in runs]))
    assert replay.rows(1)["cloud_only"][1][0].flags == ("latency_of_run",)
    assert replay.rows(1)["edge_only"][1][0].flags == ()


def test_neither_chunks_nor_threads_change_a_result() -> None:
    testbed, found = recorded(5)
    replay = Replay.of(found, testbed, Reference(50_000, 2, 50, 900))
    first = policy_blocks(replay.figures(chunk=1 << 20))
    assert first == policy_blocks(replay.figures(chunk=999, threads=2))
    assert first == policy_blocks(replay.figures(chunk=50_000 - 1, threads=3))


def test_another_seed_draws_other_runs() -> None:
    testbed, found = recorded(5)
    other = dataclasses.replace(testbed, seed=6)
    thresholds = Reference(5_000, 2, 50, 900)
    a, b = (Replay.of(found, t, thresholds).figures()["dynasplit"] for t in (testbed, other))
    assert a.latency_ms.counts.tolist() != b.latency_ms.counts.tolist()


def test_a_choice_without_a_run_is_an_error_or_a_counted_fallback() -> None:
    testbed, found = recorded(5)
    gone = found["fastest"].choices[0].configuration
    rest = [m for m in testbed.runs.measurements if m.configuration != gone]
    lacking = RecordedTestbed(RunsTable.of(rest, model="m", last_split_point=11))
    thresholds = Reference(100, 0, 50, 900)
    with pytest.raises(DataError, match=f"no run of {gone.words()}"):
        Replay.of(found, lacking, thresholds)
    with pytest.raises(DataError, match=f"no run of {gone.words()}"):
        lacking.measure(gone)
    lacking.fallback = lambda c: Measurement(configuration=c, latency_ms=7, source="modelled")
    Replay.of(found, lacking, thresholds)
    assert lacking.filled[gone] >= 1
    assert lacking.measure(gone).source == "modelled"


def test_repeats_come_in_the_recorded_order_and_requests_by_their_number() -> None:
    testbed, _ = recorded(3)
    configuration = testbed.runs.configurations[int(testbed.runs.counts.argmax())]
    mine = [m for m in testbed.runs.measurements if m.configuration == configuration]
    again = [testbed.measure(configuration, repeat=i) for i in range(2 * len(mine))]
    assert [m.latency_ms for m in again] == [m.latency_ms for m in mine] * 2
    assert {m.source for m in again} == {"recorded"}
    served = [testbed.measure(configuration, request=i).latency_ms for i in range(200)]
    assert set(served) == {m.latency_ms for m in mine}
    assert served[77] == testbed.measure(configuration, request=77, stream="other").latency_ms


def test_draws_are_even_and_below_their_count() -> None:
    bits = request_bits(3, np.arange(100_000))
    for count in (1, 2, 7, 51):
        found = np.bincount(pick(bits, np.full(100_000, count, dtype=np.uint64)), minlength=count)
        assert len(found) == count
        assert np.abs(found / (100_000 / count) - 1).max() < 0.12
    most = np.array([2**32 - 1], dtype=np.uint64)
    assert pick(most, np.array([51], dtype=np.uint64)).tolist() == [50]


@given(
    st.lists(st.floats(1e-4, 1e9), max_size=40, unique=True),
    st.lists(st.floats(1e-6, 1e10), max_size=40),
)
def test_the_table_of_steps_equals_a_search(edges: list[float], values: list[float]) -> None:
    ordered = np.array(sorted(edges), dtype=np.float64)
    every = np.array([*values, *edges], dtype=np.float64)
    expected = np.searchsorted(ordered, every, side="right")
    assert np.array_equal(Steps(ordered).reached(every), expected)


def test_very_many_exceedances_have_nearly_their_median(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).exponential(100, 30_001)
    whole, first, second = Exceedances(), Exceedances(), Exceedances()
    whole.add(values)
    assert whole.median_ms() == np.median(values)
    monkeypatch.setattr(exceedance, "EXACT", 5_000)
    first.add(values[:20_000])
    second.add(values[20_000:])
    first.merge(second)
    assert first.total == len(values)
    assert first.median_ms() == pytest.approx(np.median(values), rel=exceedance.RESOLUTION)
    assert Exceedances().median_ms() is None

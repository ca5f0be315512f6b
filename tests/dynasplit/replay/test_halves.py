"""Runs divided: what chooses and what judges have no run in common."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.replay.halves import divide
from dynasplit.tables import RunsTable

Counts = st.lists(st.integers(1, 7), min_size=1, max_size=8)


def table(counts: list[int]) -> RunsTable:
    runs = [
        Measurement(configuration=Configuration(k), repeat=r, latency_ms=1.0 + 10 * k + r)
        for k, count in enumerate(counts)
        for r in range(count)
    ]
    return RunsTable.of(runs, model="m", last_split_point=len(counts))


def latencies(runs: RunsTable | None) -> set[float]:
    return set() if runs is None else set(runs.columns["latency_ms"].tolist())


@given(Counts, st.integers(0, 5))
def test_no_run_chooses_and_judges(counts: list[int], seed: int) -> None:
    whole = table(counts)
    halves = divide(whole, seed, predict=None)
    choosing, judging = latencies(halves.choosing), latencies(halves.judging)
    assert not choosing & judging
    assert halves.judging.configurations == whole.configurations
    assert len(choosing) == sum(count // 2 for count in counts)
    assert len(judging) == sum(count - count // 2 for count in counts)
    assert halves.repeated == sum(count > 1 for count in counts)
    assert halves.left_out == sum(count == 1 for count in counts)


@given(Counts, st.integers(0, 5))
def test_a_single_run_is_predicted_and_never_chooses(counts: list[int], seed: int) -> None:
    def predict(configuration: Configuration) -> list[Measurement]:
        run = Measurement(configuration=configuration, source="modelled", latency_ms=0.5)
        return [run, dataclasses.replace(run, latency_ms=0.25)]

    halves = divide(table(counts), seed, predict)
    assert halves.choosing is not None
    assert set(halves.choosing.configurations) == set(halves.judging.configurations)
    assert halves.predicted == sum(count == 1 for count in counts)
    assert halves.left_out == 0
    modelled = [s for s in halves.choosing.sources if s == "modelled"]
    assert len(modelled) == 2 * halves.predicted


def test_the_seed_decides_which_half() -> None:
    whole = table([6] * 8)
    found = {tuple(sorted(latencies(divide(whole, s, None).choosing))) for s in (0, 0, 1, 2)}
    assert len(found) == 3

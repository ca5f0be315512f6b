"""The gate on latencies that vary less than the stages that they consist of."""

import dataclasses

import numpy as np
import pytest

from hosts.wire.messages import Inference, RunReport
from tests.dynasplit.testbed.gates.made_up import host, noisy, verdict, window

HEAD_MS, TAIL_MS, LINK_MS = 60.0, 20.0, 5.0
LIVELY = np.tile([4.0, 4.0, 2.5], 8)


def split(count: int = 24, seed: int = 0, step_ms: float | None = None, jitter_ms: float = 0.0):
    """A window of split inferences; they end at the next of step_ms, 2 step_ms, ..."""
    random = np.random.default_rng(seed)
    inferences, at_ns = [], 0
    for i in range(count + 1):
        head, link, tail = (
            ms * (1 + 0.01 * random.standard_normal()) for ms in (HEAD_MS, LINK_MS, TAIL_MS)
        )
        total = head + link + tail
        if step_ms is not None:
            total = step_ms * 2 ** np.ceil(np.log2(total / step_ms))
            total += jitter_ms * random.random()
        ends = [at_ns + round(1e6 * ms) for ms in (head, head + link, head + link + tail, total)]
        inferences.append(Inference(i, at_ns, ends[0], ends[3], ends[1], ends[2], 0))
        at_ns = ends[3]
    report = RunReport(inferences=inferences, first=1, last=len(inferences), tensor_bytes=4)
    return dataclasses.replace(window(), report=report)


@pytest.mark.parametrize(("step_ms", "jitter_ms"), [(50.0, 0.0), (5.0, 0.1), (85.0, 0.1)])
def test_latencies_on_steps_are_told_also_where_they_are_on_two_of_them(step_ms, jitter_ms):
    found = verdict("stepped", split(step_ms=step_ms, jitter_ms=jitter_ms))
    assert not found.passed
    assert found.found < 12
    assert "at least 20 % must be: something waits for the next step of a timer" in found.words


def test_stages_that_vary_by_themselves_are_never_told():
    found = [verdict("stepped", split(count, s)) for count in (10, 24) for s in range(300)]
    assert sum(not one.passed for one in found) == 0
    assert np.median([one.found for one in found]) == pytest.approx(100, rel=0.1)


def test_a_timer_less_exact_than_the_stages_vary_is_no_timer():
    assert verdict("stepped", split(step_ms=50.0, jitter_ms=2.0)).passed


def test_without_a_split_latencies_have_a_spread_of_their_own():
    same = window(host(LIVELY), latencies_ms=[100.0] * 24)
    found = verdict("stepped", same)
    assert found.words.startswith("latencies spread by 0 % of their mean; at least 0.01 %")
    assert verdict("stepped", window(host(LIVELY), latencies_ms=noisy(100.0, 0.1))).passed
    assert verdict("stepped", same, alone_pct=0.0).passed


def test_a_board_on_which_nothing_varies_is_not_judged():
    assert verdict("stepped", window(host([4.0] * 24), latencies_ms=[100.0] * 24)) is None


def test_too_few_inferences_and_overlapping_ones_are_not_judged():
    assert verdict("stepped", split(8, step_ms=50.0)) is None
    overlapping = split(step_ms=50.0)
    overlapping.report.mode = "throughput"
    assert verdict("stepped", overlapping) is None

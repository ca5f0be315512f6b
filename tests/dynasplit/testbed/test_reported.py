"""Reports of runs that no run can give: refused in words, never computed with."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasplit.core.errors import MeasurementError
from dynasplit.testbed import window_times
from dynasplit.testbed.reported import check_judged, check_report
from hosts.wire.messages import Inference, Judged, RunOrder, RunReport
from hosts.wire.window_rules import WindowRules

ORDER = RunOrder(
    run="run",
    network="net",
    split_point=3,
    edge_accelerator="off",
    cloud_gpu=False,
    knobs={},
    images=(0, 1),
    window=WindowRules(),
    lead_out_s=0.0,
)


def inference(place: int, **more: object) -> Inference:
    start_ns = place * 10_000_000
    usual = Inference(
        image=place % 2,
        start_ns=start_ns,
        head_ns=start_ns + 2_000_000,
        end_ns=start_ns + 9_000_000,
        tail_start_ns=7 + start_ns,
        tail_end_ns=7 + start_ns + 3_000_000,
        top1=4,
        encoded_ns=start_ns + 2_500_000,
        decode_start_ns=1 + start_ns,
        decode_end_ns=5 + start_ns,
        sent_bytes=64,
    )
    return msgspec.structs.replace(usual, **more)


def report(spoilt: dict[str, object] | None = None, **more: object) -> RunReport:
    inferences = [inference(place) for place in range(6)]
    inferences[3] = inference(3, **(spoilt or {}))
    usual = RunReport(inferences=inferences, first=1, last=5, tensor_bytes=64)
    return msgspec.structs.replace(usual, **more)


def test_a_report_that_a_run_gives_is_taken():
    check_report(report(), ORDER)
    on_edge = {"tail_start_ns": None, "tail_end_ns": None, "decode_start_ns": None}
    all_on_edge = [inference(i, **on_edge, decode_end_ns=None, encoded_ns=None) for i in range(6)]
    check_report(report(inferences=all_on_edge, tensor_bytes=0), ORDER)
    check_report(report(first=1, last=2), ORDER)
    only = window_times.stages(window_times.counted(report(first=1, last=2)))
    assert (only.latency_ms, only.spread_ms) == (9.0, 0.0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"first": 3, "last": 3}, "a window from 3 to 3 of 6 inferences; allowed: one that beg"),
        ({"first": 0, "last": 3}, "a window from 0 to 3"),
        ({"first": 4, "last": 2}, "a window from 4 to 2"),
        ({"first": 1, "last": 7}, "a window from 1 to 7 of 6"),
        ({"inferences": []}, "of 0 inferences"),
        ({"mode": "other"}, "mode 'other' with batches of 1; allowed: 'latency' with 1"),
        ({"batch_size": 0}, "with batches of 0"),
        ({"tensor_bytes": -1}, "a tensor of -1 bytes"),
        ({"conditions": {"edge_load": math.nan}}, "the condition 'edge_load' of nan"),
        ({"conditions": {"edge_load": 1e308}}, r"'edge_load' of 1e\+308"),
        ({"spoilt": {"image": 2}}, "inference 3 of image 2; allowed: 0 to 1"),
        ({"spoilt": {"top1": -1}}, "inference 3 with the class -1"),
        ({"spoilt": {"sent_bytes": 2**40}}, "1099511627776 bytes sent"),
        ({"spoilt": {"end_ns": 30_000_000}}, "inference 3 of 0 ns; allowed: above 0"),
        ({"spoilt": {"head_ns": 29_000_000}}, "inference 3 with a head of -1000000 ns"),
        ({"spoilt": {"head_ns": 39_500_000}}, "a way after its head of -500000 ns"),
        ({"spoilt": {"encoded_ns": 31_000_000}}, "an? encoding of -1000000 ns"),
        ({"spoilt": {"tail_end_ns": 0}}, "a tail of -30000007 ns"),
        ({"spoilt": {"tail_end_ns": None}}, "half the times of its tail"),
        ({"spoilt": {"decode_end_ns": None}}, "half the times of its decoding"),
        ({"spoilt": {"tail_start_ns": None, "tail_end_ns": None}}, "a tail in only one of inf"),
        ({"spoilt": {"end_ns": 2**64}}, "beyond 64 bits"),
        ({"spoilt": {"end_ns": 2**62}}, "of 4611686018395387904 ns; allowed: 0 to"),
        ({"spoilt": {"start_ns": 1}}, "inference 3 before inference 2"),
        ({"inferences": [inference(0, tail_start_ns=5, tail_end_ns=5)] * 6}, "a window of 0 ns"),
    ],
)
@pytest.mark.fault(
    group="wire",
    fault="a run report that no run gives",
    seen="refused in words: `a window from 3 to 3 of 6 inferences; allowed: ...`",
)
def test_a_report_that_no_run_gives_is_refused(more, said):
    with pytest.raises(MeasurementError, match=said):
        check_report(report(**more), ORDER)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((2, (1,), 0.1), "an output of image 2; allowed: 0 to 1"),
        ((0, (1, -5), 0.1), r"the classes \[1, -5\] of image 0"),
        ((0, (1,), math.nan), "a difference of nan"),
        ((0, (1,), -0.5), r"a difference of -0\.5"),
    ],
)
def test_judged_outputs_that_cannot_be_are_refused(answer, said):
    check_judged(Judged(answers=((0, (1,), 0.1), (1, (3, 2), None))), 2)
    with pytest.raises(MeasurementError, match=said):
        check_judged(Judged(answers=(answer,)), 2)


_NUMBERS = st.one_of(st.integers(), st.integers(-3, 7), st.integers(0, 60_000_000))


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(Inference.__struct_fields__),
    number=_NUMBERS,
    first=st.integers(-2, 7),
    last=st.integers(-2, 7),
)
def test_what_is_taken_can_be_computed_with(name, number, first, last):
    strange = report({name: number}, first=first, last=last)
    try:
        check_report(strange, ORDER)
    except MeasurementError:
        return
    inside = window_times.counted(strange)
    assert window_times.stages(inside).latency_ms > 0
    assert window_times.throughput_rps(strange) > 0
    assert window_times.cloud_window_ns(strange) is not None

"""Where figures come from: one order, and words for what is mixed or was not measured."""

import pytest

from dynasplit.core.provenance import (
    PROVENANCE,
    REALITY,
    as_recorded,
    beside_faults,
    is_doubtful,
    is_imagined,
    least_real,
    rest_flag,
    told_of,
)


def test_what_is_made_of_several_is_as_real_as_the_least():
    assert least_real({"recorded", "measured"}) == "recorded"
    assert least_real({"estimated", "measured"}) == "estimated"
    assert least_real({"estimated", "emulated"}) == "emulated"
    assert set(PROVENANCE) == set(REALITY)


def test_estimates_are_of_hosts_that_exist_and_stay_estimates_when_recorded():
    assert [s for s in REALITY if is_imagined(s)] == ["emulated", "modelled"]
    assert [as_recorded(s) for s in REALITY] == ["recorded", *REALITY[1:]]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"measured"}, ()),
        ({"measured", "recorded"}, ()),
        ({"measured", "estimated"}, ("measured and estimated",)),
        ({"recorded", "estimated", "modelled"}, ("measured, estimated and modelled",)),
    ],
)
def test_measured_figures_do_not_stand_beside_others_without_a_word(sources, said):
    told = tuple(f"mixed: {words} figures stand side by side" for words in said)
    assert told_of([()], sources) == told


def test_what_is_assumed_for_a_node_is_told_once_and_is_no_fault():
    flags = [("fault_throttling", rest_flag(0.0)), (rest_flag(0.0), "steady")]
    rest = "cloud: GPU board alone; rest of the node not measured: 0 W assumed"
    assert told_of(flags) == ("with the fault throttling", rest)
    assert beside_faults(flags) == (rest,)


def test_requests_for_which_a_whole_run_stands_are_told_and_are_no_doubt():
    flags = [("latency_of_run",), ()]
    assert told_of(flags) == (
        "latencies of requests are those of whole runs: single inferences are not kept",
    )
    assert not is_doubtful(flags[0])
    assert is_doubtful(("latency_of_run", "edge"))

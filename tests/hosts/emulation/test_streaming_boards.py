"""Throughput mode, codecs and batches in board time: what overlaps, and what is paid for."""

import msgspec
import numpy as np
import pytest

from dynasplit.core.space import Configuration
from dynasplit.testbed import window_times
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.codecs import Tensor
from hosts.core.errors import BoardError
from hosts.emulation.hardware import CodecCost
from hosts.wire.messages import IN_FLIGHT
from hosts.wire.window_rules import WindowRules
from tests.boards import two_boards
from tests.orders import run_order

COSTS = {"zstd": CodecCost(0.06, 0.02, 0.5), "int8": CodecCost(0.03, 0.0, 0.25)}


class Heads:
    load_ms = None

    def run_batch(self, split_point, images):
        return Tensor(np.repeat(images[:, None], 4096, axis=1).astype(np.float32))


class Tails:
    device, compile_ms = "CPU:0", None

    def run_batch(self, split_point, tensor, device):
        return np.eye(10, dtype=np.float32)[np.rint(tensor.real[:, 0]).astype(int)]


@pytest.fixture
def boards(profile):
    profile = msgspec.structs.replace(profile, codecs=COSTS)
    with two_boards(profile) as pair:
        pair.load(Heads(), Tails(), np.arange(10.0), 2)
        yield pair, profile


def run(pair, edge_accelerator="std", **more):
    fields = {
        **{"run": "r", "network": "net", "split_point": 1, "edge_accelerator": edge_accelerator},
        **{"cloud_gpu": True, "images": tuple(range(10)), "warmup": 5},
        **{"min_inferences": 20, "min_window_s": 0.0, "lead_out_s": 0.2},
        "knobs": {"cpu_mhz": 600, "edge_accelerator": edge_accelerator},
    }
    return pair.edge.run(run_order(**(fields | more)))


HEAD_MS = 180 / 0.6 + 20
LINK_MS = 2 + 0.01 * 200


def test_throughput_mode_runs_at_the_pace_of_the_slowest_stage(boards):
    pair, profile = boards
    slow, fast = run(pair), run(pair, mode="throughput", run="s")
    tail_ms = profile.cloud_ms("net", 1, True)
    assert window_times.throughput_rps(slow) == pytest.approx(1000 / (HEAD_MS + LINK_MS + tail_ms))
    assert window_times.throughput_rps(fast) == pytest.approx(1000 / HEAD_MS)
    inside = window_times.counted(fast)
    assert window_times.stages(inside).latency_ms == pytest.approx(HEAD_MS + LINK_MS + tail_ms)
    assert [i.top1 for i in inside] == [i.image for i in inside]


def test_a_slow_cloud_holds_the_edge_back_and_latency_says_so(boards):
    """At split point 0 the head takes 18 ms and the tail 160: batches wait, but only so many."""
    pair, _ = boards
    report = run(pair, "off", split_point=0, mode="throughput", cloud_gpu=False)
    inside = window_times.counted(report)
    assert window_times.throughput_rps(report) == pytest.approx(1000 / 160)
    for i, earlier in enumerate(report.inferences[:-IN_FLIGHT]):
        assert report.inferences[i + IN_FLIGHT].start_ns >= earlier.end_ns
    found = window_times.stages(inside)
    assert found.latency_ms == pytest.approx(IN_FLIGHT * 160)
    assert found.edge_ms + found.transfer_ms + found.cloud_ms == pytest.approx(found.latency_ms)


@pytest.mark.parametrize(
    ("split_point", "mode", "cloud_gpu"),
    [(0, "off", False), (0, "off", True), (1, "std", False), (1, "std", True), (2, "std", False)],
)
def test_the_modelled_testbed_says_the_same_of_throughput_mode(
    boards, split_point, mode, cloud_gpu
):
    pair, profile = boards
    chosen = {"split_point": split_point, "edge_accelerator": mode, "cloud_gpu": cloud_gpu}
    report = run(pair, mode="throughput", **chosen)
    modelled = ModelledTestbed(profile, "net", rules=WindowRules(mode="throughput")).measure(
        Configuration.of(cpu_mhz=600, **chosen)
    )
    assert modelled.mode == "throughput"
    assert modelled.throughput_rps == pytest.approx(window_times.throughput_rps(report))
    found = window_times.stages(window_times.counted(report))
    for name in ("latency_ms", "edge_ms", "transfer_ms", "cloud_ms"):
        assert getattr(modelled, name) == pytest.approx(getattr(found, name), abs=1e-3), name


def test_at_the_last_split_point_both_modes_are_the_same(boards):
    pair, _ = boards
    rates = [
        window_times.throughput_rps(run(pair, split_point=2, mode=m, run=m)) for m in edge_modes()
    ]
    assert rates[0] == pytest.approx(rates[1])


def edge_modes():
    return ("latency", "throughput")


def test_a_codec_makes_the_transfer_shorter_by_what_it_really_saves(boards):
    """The profile's tensor is 200 KB; constant float32 tensors compress to almost nothing."""
    pair, _ = boards
    found = window_times.stages(window_times.counted(run(pair, codec="zstd")))
    encode_ms, decode_ms = 0.06 * 200 / 0.6, 0.02 * 200
    assert (found.encode_ms, found.decode_ms) == pytest.approx((encode_ms, decode_ms))
    assert found.wire_kb < 0.1
    share = found.wire_kb * 1024 / (4096 * 4)
    expected_ms = 2 + 0.01 * 200 * share + encode_ms + decode_ms
    assert found.transfer_ms == pytest.approx(expected_ms, abs=0.01)
    quantised = window_times.stages(window_times.counted(run(pair, codec="int8", run="q")))
    assert quantised.wire_kb == 4
    assert quantised.transfer_ms == pytest.approx(2 + 0.01 * 200 / 4 + 0.03 * 200 / 0.6)


def test_a_codec_without_a_stated_cost_is_refused(boards):
    pair, _ = boards
    with pytest.raises(BoardError, match="'lz4' asked; profile test says what these cost: zstd"):
        run(pair, codec="lz4")


def test_a_batch_takes_as_long_as_its_images_and_sends_them_at_once(boards):
    pair, profile = boards
    report = run(pair, batch_size=4)
    found = window_times.stages(window_times.counted(report), 4)
    assert found.edge_ms == pytest.approx(4 * HEAD_MS)
    assert found.cloud_ms == pytest.approx(4 * profile.cloud_ms("net", 1, True))
    assert found.transfer_ms == pytest.approx(2 + 0.01 * 200 * 4)
    assert found.wire_kb == 16
    expected = 4000 / (found.edge_ms + found.transfer_ms + found.cloud_ms)
    assert window_times.throughput_rps(report) == pytest.approx(expected)


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_energy_of_an_inference_is_the_window_s_by_its_inferences(boards, mode, batch_size):
    pair, _ = boards
    report = run(pair, mode=mode, batch_size=batch_size)
    start_ns, end_ns = window_times.edge_window_ns(report)
    board = pair.servers["edge"].board
    whole_j = board.history.exact_j(start_ns, end_ns)
    heads_j = 4.6 * HEAD_MS / 1000  # 4 W + 1 W/GHz at 0.6 GHz, in mode std
    waits_s = (end_ns - start_ns) / 1e9 / len(window_times.counted(report)) - HEAD_MS / 1000
    expected_j = heads_j + 3.3 * waits_s  # 3 W + 0.5 W/GHz
    assert whole_j / len(window_times.counted(report)) == pytest.approx(expected_j, rel=1e-3)
    if mode == "throughput":
        assert waits_s == pytest.approx(0, abs=1e-6)

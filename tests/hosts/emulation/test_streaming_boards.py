"""Throughput mode, codecs and batches in board time: what overlaps, and what is paid for."""

import msgspec
import numpy as np
import pytest

from dynasplit.core.space import Configuration
from dynasplit.testbed import window
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.agents.cloud import CloudAgent
from hosts.agents.edge import EdgeAgent
from hosts.codecs import Tensor
from hosts.core.errors import BoardError
from hosts.emulation.board_server import BoardServer
from hosts.emulation.client import ROOT_VARIABLE
from hosts.emulation.hardware import CodecCost
from hosts.emulation.machine import EmulatedMachine
from hosts.wire.messages import IN_FLIGHT
from hosts.wire.window_rules import WindowRules
from tests.orders import run_order

COSTS = {"zstd": CodecCost(0.06, 0.02, 0.5), "int8": CodecCost(0.03, 0.0, 0.25)}


class Asked:
    """A board without its socket."""

    def __init__(self, server: BoardServer) -> None:
        self.server = server

    def ask(self, call):
        board = self.server.board
        if call.board_ns is not None:
            board.rest_until(call.board_ns)
        answer = self.server._do(call)
        answer.now_ns = board.history.now_ns
        return answer


class Heads:
    def run_batch(self, split_point, images):
        return Tensor(np.repeat(images[:, None], 4096, axis=1).astype(np.float32))


class Tails:
    def run_batch(self, split_point, tensor, device):
        return np.eye(10, dtype=np.float32)[np.rint(tensor.real[:, 0]).astype(int)]


class Direct:
    """The cloud agent without a port."""

    def __init__(self, cloud: CloudAgent) -> None:
        self.cloud = cloud

    def send(self, frame: bytes) -> None:
        self.answer = self.cloud._answer(frame)

    def receive(self):
        assert self.answer.error is None, self.answer.error
        return self.answer


@pytest.fixture
def boards(profile, tmp_path, monkeypatch):
    profile = msgspec.structs.replace(profile, codecs=COSTS)
    machines = {}
    for role in ("edge", "cloud"):
        monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / role))
        server = BoardServer(profile, role, tmp_path / role, seed=0)
        machines[role] = EmulatedMachine(Asked(server))
    cloud = CloudAgent(machines["cloud"])
    cloud.tails = Tails()
    edge = EdgeAgent(machines["edge"])
    edge.heads, edge.images, edge.last_split_point = Heads(), np.arange(10.0), 2
    edge.stream = Direct(cloud)
    machines["edge"]._board.server.board.cpu_mhz = 600.0
    return edge, profile


def run(edge, **more):
    fields = {
        **{"run": "r", "network": "net", "split_point": 1, "edge_accelerator": "std"},
        **{"cloud_gpu": True, "knobs": {}, "images": tuple(range(10)), "warmup": 5},
        **{"min_inferences": 20, "min_window_s": 0.0, "lead_out_s": 0.2},
    }
    return edge.run(run_order(**(fields | more)))


HEAD_MS = 180 / 0.6 + 20
LINK_MS = 2 + 0.01 * 200


def test_throughput_mode_runs_at_the_pace_of_the_slowest_stage(boards):
    edge, profile = boards
    slow, fast = run(edge), run(edge, mode="throughput", run="s")
    tail_ms = profile.cloud_ms("net", 1, True)
    assert window.throughput_rps(slow) == pytest.approx(1000 / (HEAD_MS + LINK_MS + tail_ms))
    assert window.throughput_rps(fast) == pytest.approx(1000 / HEAD_MS)
    inside = window.counted(fast)
    assert window.stages(inside).latency_ms == pytest.approx(HEAD_MS + LINK_MS + tail_ms)
    assert [i.top1 for i in inside] == [i.image for i in inside]


def test_a_slow_cloud_holds_the_edge_back_and_latency_says_so(boards):
    """At split point 0 the head takes 18 ms and the tail 160: batches wait, but only so many."""
    edge, _ = boards
    edge.machine.open_accelerator("off")
    report = run(edge, split_point=0, mode="throughput", cloud_gpu=False)
    inside = window.counted(report)
    assert window.throughput_rps(report) == pytest.approx(1000 / 160)
    for i, earlier in enumerate(report.inferences[:-IN_FLIGHT]):
        assert report.inferences[i + IN_FLIGHT].start_ns >= earlier.end_ns
    found = window.stages(inside)
    assert found.latency_ms == pytest.approx(IN_FLIGHT * 160)
    assert found.edge_ms + found.transfer_ms + found.cloud_ms == pytest.approx(found.latency_ms)


@pytest.mark.parametrize(
    ("split_point", "mode", "cloud_gpu"),
    [(0, "off", False), (0, "off", True), (1, "std", False), (1, "std", True), (2, "std", False)],
)
def test_the_modelled_testbed_says_the_same_of_throughput_mode(
    boards, split_point, mode, cloud_gpu
):
    edge, profile = boards
    edge.machine.open_accelerator(mode)
    chosen = {"split_point": split_point, "edge_accelerator": mode, "cloud_gpu": cloud_gpu}
    report = run(edge, mode="throughput", **chosen)
    modelled = ModelledTestbed(profile, "net", rules=WindowRules(mode="throughput")).measure(
        Configuration.of(cpu_mhz=600, **chosen)
    )
    assert modelled.mode == "throughput"
    assert modelled.throughput_rps == pytest.approx(window.throughput_rps(report))
    found = window.stages(window.counted(report))
    for name in ("latency_ms", "edge_ms", "transfer_ms", "cloud_ms"):
        assert getattr(modelled, name) == pytest.approx(getattr(found, name), abs=1e-3), name


def test_at_the_last_split_point_both_modes_are_the_same(boards):
    edge, _ = boards
    rates = [window.throughput_rps(run(edge, split_point=2, mode=m, run=m)) for m in edge_modes()]
    assert rates[0] == pytest.approx(rates[1])


def edge_modes():
    return ("latency", "throughput")


def test_a_codec_makes_the_transfer_shorter_by_what_it_really_saves(boards):
    """The profile's tensor is 200 KB; constant float32 tensors compress to almost nothing."""
    edge, _ = boards
    found = window.stages(window.counted(run(edge, codec="zstd")))
    encode_ms, decode_ms = 0.06 * 200 / 0.6, 0.02 * 200
    assert (found.encode_ms, found.decode_ms) == pytest.approx((encode_ms, decode_ms))
    assert found.wire_kb < 0.1
    share = found.wire_kb * 1024 / (4096 * 4)
    expected_ms = 2 + 0.01 * 200 * share + encode_ms + decode_ms
    assert found.transfer_ms == pytest.approx(expected_ms, abs=0.01)
    quantised = window.stages(window.counted(run(edge, codec="int8", run="q")))
    assert quantised.wire_kb == 4
    assert quantised.transfer_ms == pytest.approx(2 + 0.01 * 200 / 4 + 0.03 * 200 / 0.6)


def test_a_codec_without_a_stated_cost_is_refused(boards):
    edge, _ = boards
    with pytest.raises(BoardError, match="'lz4' asked; profile test says what these cost: zstd"):
        run(edge, codec="lz4")


def test_a_batch_takes_as_long_as_its_images_and_sends_them_at_once(boards):
    edge, profile = boards
    report = run(edge, batch_size=4)
    found = window.stages(window.counted(report), 4)
    assert found.edge_ms == pytest.approx(4 * HEAD_MS)
    assert found.cloud_ms == pytest.approx(4 * profile.cloud_ms("net", 1, True))
    assert found.transfer_ms == pytest.approx(2 + 0.01 * 200 * 4)
    assert found.wire_kb == 16
    expected = 4000 / (found.edge_ms + found.transfer_ms + found.cloud_ms)
    assert window.throughput_rps(report) == pytest.approx(expected)


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_energy_of_an_inference_is_the_window_s_by_its_inferences(boards, mode, batch_size):
    edge, _ = boards
    report = run(edge, mode=mode, batch_size=batch_size)
    start_ns, end_ns = window.edge_window_ns(report)
    board = edge.machine._board.server.board
    whole_j = board.history.exact_j(start_ns, end_ns)
    heads_j = 4.6 * HEAD_MS / 1000  # 4 W + 1 W/GHz at 0.6 GHz, in mode std
    waits_s = (end_ns - start_ns) / 1e9 / len(window.counted(report)) - HEAD_MS / 1000
    expected_j = heads_j + 3.3 * waits_s  # 3 W + 0.5 W/GHz
    assert whole_j / len(window.counted(report)) == pytest.approx(expected_j, rel=1e-3)
    if mode == "throughput":
        assert waits_s == pytest.approx(0, abs=1e-6)

"""Edge and cloud over a real stream under TLS: pipelined, bounded, and alive after any error."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dynasplit.testbed.credentials import make_credentials
from hosts.agents.cloud import AHEAD, CloudAgent
from hosts.agents.edge import EdgeAgent
from hosts.agents.streaming import TailStream, ahead
from hosts.agents.watch import Watch
from hosts.codecs import Tensor
from hosts.codecs.base import bytes_of
from hosts.core.errors import HostError, LinkError, ModelError, WireError
from hosts.machine.real import RealMachine
from hosts.wire.frames import TensorHeader, pack
from hosts.wire.messages import IN_FLIGHT, MESSAGE_LIMIT_BYTES, PROTOCOL, TENSOR_SERVICE
from hosts.wire.refusals import PeerError
from hosts.wire.rpc import channel, server_credentials, start_server, tensor_handler
from tests.orders import run_order

SHAPE = (20, 30)


class Heads:
    """Each image is its number: so is what its head gives, after a while."""

    load_ms = None

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s, self.started = takes_s, 0

    def run_batch(self, split_point, images):
        self.started += 1
        time.sleep(self.takes_s)
        return Tensor(np.broadcast_to(images[:, None, None], (len(images), *SHAPE)).copy())


class Tails:
    """The class is what most of the tensor says, after a while."""

    device, compile_ms = "CPU:0", None

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s, self.ended, self.refused = takes_s, 0, -1

    def run_batch(self, split_point, tensor, device):
        time.sleep(self.takes_s)
        self.ended += 1
        if tensor.array.shape[1:] != SHAPE:
            raise ModelError(
                f"a tensor of shape (batch, 20, 30) expected, found {tensor.array.shape}"
            )
        if self.ended == self.refused:
            raise ModelError("this one not")
        said = np.rint(tensor.real[:, 0, 0]).astype(int)
        return np.eye(10, dtype=np.float32)[said]


class Link:
    """A cloud agent's port, and an edge agent connected to it."""

    def __init__(self, head_s: float = 0.0, tail_s: float = 0.0) -> None:
        peers = make_credentials("edge", "cloud")
        pems = {
            name: (peer.key_pem, peer.certificate_pem, peer.authority_pem)
            for name, peer in peers.items()
        }
        self.cloud = CloudAgent(RealMachine())
        self.cloud.tails = self.tails = Tails(tail_s)
        handler = tensor_handler(TENSOR_SERVICE, self.cloud.exchange)
        self.server, port = start_server("127.0.0.1", handler, server_credentials(*pems["cloud"]))
        self.stream = TailStream(channel(f"127.0.0.1:{port}", "cloud", *pems["edge"]))
        self.edge = EdgeAgent(RealMachine())
        self.edge.heads = self.heads = Heads(head_s)
        self.edge.images, self.edge.last_split_point = np.arange(10, dtype=np.float32), 3
        self.edge.stream = self.stream

    def run(self, **more):
        fields = {
            **{"run": "r", "network": "n", "split_point": 1, "edge_accelerator": "off"},
            **{"cloud_gpu": False, "knobs": {}, "images": tuple(range(10)), "warmup": 3},
            **{"min_inferences": 20, "min_window_s": 0.0, "lead_out_s": 0.0},
        }
        report = self.edge.run(run_order(**(fields | more)))
        return report, report.inferences[report.first : report.last]

    def exchange(self, frame: bytes):
        self.stream.send(frame)
        return self.stream.receive()

    def close(self) -> None:
        self.stream.close()
        self.server.stop(0)


@pytest.fixture
def link():
    made = Link()
    yield made
    made.close()


@pytest.fixture
def slow_cloud():
    made = Link(0.001, 0.03)
    yield made
    made.close()


def frame(tensor: np.ndarray, **more: object) -> bytes:
    fields = {
        **{"request": 1, "images": (0,), "run": "r", "network": "n", "split_point": 1},
        **{"cloud_gpu": False, "dtype": tensor.dtype.name, "shape": tensor.shape},
    }
    return pack(TensorHeader(**(fields | more)), bytes_of(tensor))


GOOD = np.full((1, *SHAPE), 7, np.float32)


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.parametrize("codec", ["none", "zstd", "float16+lz4", "int8"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_every_image_gets_its_own_answer(link, mode, codec, batch_size):
    report, inside = link.run(mode=mode, codec=codec, batch_size=batch_size)
    assert (report.mode, report.batch_size) == (mode, batch_size)
    assert len(inside) >= 20
    assert len(inside) % batch_size == 0
    assert [i.top1 for i in inside] == [i.image for i in inside]
    assert [i.image for i in inside[:12]] == [*range(10), 0, 1]
    raw_bytes = 20 * 30 * 4
    assert report.tensor_bytes == raw_bytes
    sent = {i.sent_bytes / batch_size for i in inside}
    assert sent == {"none": {raw_bytes}, "int8": {raw_bytes / 4}}.get(codec, sent)
    assert max(sent) <= raw_bytes


@pytest.mark.parametrize("mode", ["latency", "throughput"])
def test_timestamps_are_in_order_and_stages_do_not_overlap_themselves(link, mode):
    link.heads.takes_s, link.tails.takes_s = 0.002, 0.003
    _, inside = link.run(mode=mode)
    assert len(inside) >= 20
    for i in inside:
        assert i.start_ns < i.head_ns <= i.encoded_ns < i.end_ns
        assert i.encoded_ns < i.decode_start_ns <= i.decode_end_ns <= i.tail_start_ns
        assert i.tail_start_ns < i.tail_end_ns < i.end_ns
    for one, two in itertools.pairwise(inside):
        assert one.encoded_ns <= two.start_ns
        assert one.tail_end_ns <= two.decode_start_ns


def test_stages_overlap_in_throughput_mode_only(link):
    link.heads.takes_s = link.tails.takes_s = 0.02
    overlapping = {}
    for mode in ("latency", "throughput"):
        _, inside = link.run(mode=mode)
        pairs = itertools.pairwise(inside)
        overlapping[mode] = sum(two.start_ns < one.tail_end_ns for one, two in pairs)
    assert overlapping["latency"] == 0
    assert overlapping["throughput"] > len(inside) / 2


def test_a_slow_cloud_holds_the_edge_back(slow_cloud):
    most, stop = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not stop.wait(0.001):
            most = max(most, slow_cloud.heads.started - slow_cloud.tails.ended)

    thread = threading.Thread(target=watch)
    thread.start()
    slow_cloud.run(mode="throughput")
    stop.set()
    thread.join()
    assert 2 <= most <= IN_FLIGHT + 1  # the head of the next one may be done


def test_what_is_read_ahead_is_bounded():
    taken = []

    def frames():
        for number in range(100):
            taken.append(number)
            yield number

    waiting, stop = ahead(frames(), AHEAD)
    time.sleep(0.1)
    assert len(taken) == AHEAD + 1
    assert next(iter(waiting)) == 0
    stop()


@pytest.mark.parametrize("mode", ["latency", "throughput"])
def test_a_run_that_failed_in_the_cloud_leaves_the_next_one_in_step(link, mode):
    link.tails.refused = 10
    with pytest.raises(PeerError, match="could not run the tail: this one not"):
        link.run(mode=mode)
    _, inside = link.run(mode=mode)
    assert [i.top1 for i in inside] == [i.image for i in inside]


@pytest.mark.fault(
    group="agents",
    fault="a head that fails, in throughput mode",
    seen="its error",
    kept="the agent goes on",
)
def test_a_head_that_fails_in_throughput_mode_ends_the_run_alone(link):
    def broken(split_point, images):
        raise ModelError("no such head")

    works, link.heads.run_batch = link.heads.run_batch, broken
    with pytest.raises(HostError, match="no such head"):
        link.run(mode="throughput")
    link.heads.run_batch = works
    link.run(mode="throughput")


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.parametrize("strange", ["no classes", "another request's", "no numbers"])
@pytest.mark.fault(
    group="wire",
    fault="a strange answer of the cloud, also in throughput mode",
    seen="the run order ends with that error",
    kept="the stream stays in step",
)
def test_a_strange_answer_ends_the_run_with_its_error(link, mode, strange, monkeypatch):
    real = CloudAgent._answer

    def answer(self, frame):
        result = real(self, frame)
        if result.request == 6:
            result.tops = {"no classes": (), "no numbers": ((),)}.get(strange, result.tops)
            result.request += strange == "another request's"
        return result

    monkeypatch.setattr(CloudAgent, "_answer", answer)
    with pytest.raises(WireError, match="expected"):
        link.run(mode=mode)
    monkeypatch.undo()
    _, inside = link.run(mode=mode)
    assert [i.top1 for i in inside] == [i.image for i in inside]


@pytest.mark.fault(
    group="agents",
    fault="an exception in a thread, in throughput mode",
    seen="the run order ends with it",
)
def test_any_error_while_a_result_is_taken_ends_the_run(link, monkeypatch):
    def broken(*_):
        raise ValueError("not of this project")

    monkeypatch.setattr(EdgeAgent, "_done", broken)
    with pytest.raises(ValueError, match="not of this project"):
        link.run(mode="throughput")


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.fault(
    group="link",
    fault="the stream between the hosts is reset in a run",
    seen="`the stream to the cloud agent broke`, then tried again",
    kept="the next run opens it anew, in step",
)
def test_a_stream_that_breaks_in_a_run_is_opened_anew_by_the_next(link, mode):
    link.heads.takes_s = 0.01
    breaks = threading.Timer(0.1, lambda: link.stream._results.cancel())
    breaks.start()
    with pytest.raises(LinkError, match="the stream to the cloud agent broke"):
        link.run(mode=mode, min_inferences=100)
    breaks.join()
    _, inside = link.run(mode=mode)
    assert [i.top1 for i in inside] == [i.image for i in inside]


@pytest.mark.parametrize("mode", ["latency", "throughput"])
@pytest.mark.fault(
    group="agents",
    fault="a run order that nobody waits for any more",
    seen="the next order calls it off",
)
def test_a_run_that_nobody_waits_for_is_called_off_by_the_next(link, mode):
    link.heads.takes_s = 0.01
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(link.run, mode=mode, min_inferences=100_000)
        time.sleep(0.2)
        _, inside = link.run(mode=mode)
        assert [i.top1 for i in inside] == [i.image for i in inside]
        with pytest.raises(LinkError, match="called off by a later order"):
            lost.result(timeout=10)


@pytest.mark.fault(
    group="link",
    fault="a cloud that gives no result",
    seen="`gave no result in ...`",
)
def test_a_cloud_that_gives_no_result_is_called_off(link, monkeypatch):
    link.stream._watch.close()
    link.stream._watch = Watch(0.2)
    link.tails.takes_s = 2.0
    with pytest.raises(LinkError, match="gave no result in"):
        link.exchange(frame(GOOD))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (frame(np.ones((1, 3, 3), np.float32)), r"\(batch, 20, 30\) expected, found \(1, 3, 3\)"),
        (frame(GOOD, dtype="int64"), "type 'int64' found; allowed: int8"),
        (frame(GOOD, dtype="int8"), "600 bytes announced, 2400 found"),
        (frame(GOOD, protocol=1), f"protocol version 1 found, {PROTOCOL} is spoken here"),
        (frame(GOOD)[:2000], "2400 bytes announced, 18"),
        (frame(GOOD)[:20], "it is truncated, or its header longer than"),
        (b"", "it is truncated"),
        (frame(GOOD, codec="zstd"), "zstd tensor"),
    ],
)
def test_a_wrong_frame_is_refused_and_the_agent_goes_on(link, wrong, said):
    with pytest.raises(PeerError, match=said):
        link.exchange(wrong)
    assert link.exchange(frame(GOOD)).tops[0][0] == 7


def test_a_frame_over_the_limit_is_refused_and_the_agent_goes_on(link):
    with pytest.raises(WireError, match=r"64\.0 MB asked to be sent; allowed: 64 MB"):
        link.stream.send(bytes(MESSAGE_LIMIT_BYTES + 1))
    assert link.exchange(frame(GOOD)).tops[0][0] == 7


@pytest.mark.fault(
    group="wire",
    fault="a peer that sends over the limit",
    seen="it is cut off: `larger than max`",
    kept="others are served",
)
def test_a_peer_that_sends_over_the_limit_is_cut_off_and_others_are_served(link):
    link.stream._results = link.stream._exchange(iter([bytes(MESSAGE_LIMIT_BYTES + 1)]))
    link.stream._awaited = 1
    with pytest.raises(LinkError, match="larger than max"):
        link.stream.receive()
    assert link.exchange(frame(GOOD)).tops[0][0] == 7


def test_a_stream_whose_cloud_has_gone_says_so(link):
    link.exchange(frame(GOOD))
    link.server.stop(0).wait()
    with pytest.raises(LinkError, match="the stream to the cloud agent broke"):
        link.exchange(frame(GOOD))

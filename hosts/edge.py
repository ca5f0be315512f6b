"""The edge agent: runs heads, sends tensors to the cloud, timestamps every inference."""

from __future__ import annotations

import queue
import statistics
from collections.abc import Iterator
from typing import Any

import grpc

from hosts.errors import HostError, WireError
from hosts.machine import Machine
from hosts.models.heads import Heads, Tensor
from hosts.wire.frames import pack
from hosts.wire.messages import (
    TENSOR_SERVICE,
    Inference,
    RunOrder,
    RunReport,
    TailResult,
    TensorHeader,
    decode,
)

_NORMAL_95 = 1.96


class TailStream:
    """One bidirectional stream to the cloud's tensor port, kept open between runs."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        exchange = channel.stream_stream(f"/{TENSOR_SERVICE}/Exchange")
        self._channel = channel
        self._results: Any = exchange(iter(self._frames.get, None))

    def exchange(self, frame: bytes) -> TailResult:
        """Send one frame and wait for its result.

        Raises:
            WireError: the cloud has gone, or could not serve it.
        """
        self._frames.put(frame)
        try:
            result = decode(next(self._results), TailResult)
        except grpc.RpcError as error:
            raise WireError(f"the cloud agent broke off the stream: {error.details()}") from error
        except StopIteration as error:
            raise WireError("the cloud agent ended the stream") from error
        if result.error:
            raise WireError(f"the cloud could not run the tail: {result.error}")
        return result

    def close(self) -> None:
        """End the stream."""
        self._frames.put(None)
        self._channel.close()


class EdgeAgent:
    """Runs windows of inferences.

    On an emulated board, whose time does not depend on computing, the output of an image at a
    split point is computed once and then reused: all accelerator modes run the same head there.

    Attributes:
        machine: the machine below.
        heads: the network's heads, once loaded. images: (n, ...) float32, preprocessed.
        stream: to the cloud, once connected.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.heads: Heads | None = None
        self.images: Any = None
        self.stream: TailStream | None = None
        self.last_split_point = -1
        self._top1: dict[tuple[int, int], int] = {}  # by image and split point
        self._tensor_bytes: dict[int, int] = {}  # by split point
        self._request = 0
        self._accelerated = False

    def run(self, order: RunOrder) -> RunReport:
        """Warm up, run a window, and lead out.

        Raises:
            HostError: nothing loaded, no such split point, or the cloud failed.
        """
        if self.heads is None or self.images is None:
            raise HostError("a run asked before a network was loaded")
        if order.split_point < self.last_split_point and self.stream is None:
            raise HostError("a split run asked before the edge was connected to the cloud")
        self.machine.catch_up(order.board_ns)
        self._request = 0
        self._accelerated = order.edge_accelerator != "off"
        run_start_ns = self.machine.begin(order.run)
        inferences = [self._infer(order, run_start_ns, 0) for _ in range(max(1, order.warmup))]
        first = len(inferences)
        inferences += self._window(order, run_start_ns)
        last = len(inferences)
        inferences += self._lead_out(order, run_start_ns, inferences[-1].end_ns)
        return RunReport(
            inferences=inferences,
            first=first,
            last=last,
            tensor_bytes=self._tensor_bytes[order.split_point],
            board_ns=self.machine.board_ns(),
        )

    def _window(self, order: RunOrder, run_start_ns: int | None) -> list[Inference]:
        done: list[Inference] = []
        while (
            len(done) < order.min_inferences
            or done[-1].end_ns - done[0].start_ns < order.min_window_s * 1e9
            or (_may_go_on(done, order) and not _is_narrow(done, order.relative_ci))
        ):
            done.append(self._infer(order, run_start_ns, len(done)))
        return done

    def _lead_out(
        self, order: RunOrder, run_start_ns: int | None, window_end_ns: int
    ) -> Iterator[Inference]:
        """Go on as in the window, so that the meters' last periods see the same load."""
        end_ns = window_end_ns
        while end_ns - window_end_ns < order.lead_out_s * 1e9:
            inference = self._infer(order, run_start_ns, 0)
            end_ns = inference.end_ns
            yield inference

    def _infer(self, order: RunOrder, run_start_ns: int | None, place: int) -> Inference:
        image, k = order.images[place % len(order.images)], order.split_point
        request, self._request = self._request, self._request + 1
        reuse = self.machine.emulated and (image, k) in self._top1
        timing, tensor = self.machine.head(
            order.network, k, request, lambda: None if reuse else self._head(k, image)
        )
        tail_ns: tuple[int | None, int | None] = (None, None)
        end_ns = timing.end_ns
        if k < self.last_split_point:
            header = _header(order, request, image, tensor, timing.arrives_ns, run_start_ns)
            result = self._exchange(header, tensor)
            tail_ns = (result.start_ns, result.end_ns)
            end_ns = self.machine.result_ns(result.end_ns)
            self._top1[image, k] = result.top[0]
        elif tensor is not None:
            self._top1[image, k] = int(tensor.array.argmax())
        top1 = self._top1[image, k]
        return Inference(image, timing.start_ns, timing.end_ns, end_ns, *tail_ns, top1)

    def _head(self, split_point: int, image: int) -> Tensor:
        assert self.heads is not None
        opened = self.machine.opened_accelerator() if self._accelerated else None
        tensor = (opened or self.heads).run(split_point, self.images[image])
        sent = split_point < self.last_split_point
        self._tensor_bytes[split_point] = tensor.array.nbytes if sent else 0
        return tensor

    def _exchange(self, header: TensorHeader, tensor: Tensor | None) -> TailResult:
        assert self.stream is not None
        return self.stream.exchange(pack(header, None if tensor is None else tensor.array))


def _may_go_on(done: list[Inference], order: RunOrder) -> bool:
    """Whether the window may become longer for the sake of its latency's confidence."""
    length_s = (done[-1].end_ns - done[0].start_ns) / 1e9
    in_time = order.max_window_s is None or length_s < order.max_window_s
    return in_time and len(done) < order.max_inferences


def _is_narrow(done: list[Inference], relative_ci: float | None) -> bool:
    """Whether the mean latency is known as well as is asked (normal approximation)."""
    if relative_ci is None:
        return True
    if len(done) < 2:
        return False
    latencies_ns = [i.end_ns - i.start_ns for i in done]
    half_ns = _NORMAL_95 * statistics.stdev(latencies_ns) / len(done) ** 0.5
    return bool(half_ns <= relative_ci * statistics.mean(latencies_ns))


def _header(
    order: RunOrder,
    request: int,
    image: int,
    tensor: Tensor | None,
    arrives_ns: int | None,
    run_start_ns: int | None,
) -> TensorHeader:
    """The header of a tensor, or of none where the cloud can reuse its output."""
    return TensorHeader(
        request=request,
        image=image,
        run=order.run,
        network=order.network,
        split_point=order.split_point,
        cloud_gpu=order.cloud_gpu,
        dtype="" if tensor is None else tensor.array.dtype.name,
        shape=() if tensor is None else tensor.array.shape,
        scale=None if tensor is None else tensor.scale,
        zero_point=None if tensor is None else tensor.zero_point,
        reuse=tensor is None,
        arrives_ns=arrives_ns,
        run_start_ns=run_start_ns,
    )

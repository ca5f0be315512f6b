"""The edge agent: runs heads, sends tensors to the cloud, timestamps every inference."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hosts import codecs
from hosts.agents.exchanged import Begun, check_result, header_of
from hosts.agents.output_quality import OutputQuality
from hosts.agents.streaming import Receiver, TailStream
from hosts.agents.window import MeasurementWindow
from hosts.codecs.base import Tensor
from hosts.core.errors import HostError, LinkError
from hosts.machine.base import HeadJob, Machine, Payload
from hosts.models.runtimes.base import Heads
from hosts.wire.computed import Ran
from hosts.wire.frames import pack
from hosts.wire.messages import IN_FLIGHT, Inference, RunOrder, RunReport, TailResult

CALL_OFF_S = 20.0
_MODES = ("latency", "throughput")

Key = tuple[tuple[int, ...], int, str]


class EdgeAgent:
    """Runs windows of inferences.

    On an emulated board, whose time does not depend on computing, the outputs of a batch at a
    split point are computed once and then reused: all accelerator modes run the same head there.

    Attributes:
        machine: the machine below.
        heads: the network's heads, once loaded.
        runtime: the library that computes them, with its version, once loaded.
        images: (n, ...) float32, preprocessed.
        stream: to the cloud, once connected.
        output_quality: judges the outputs of edge-only inference where that is asked for.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.heads: Heads | None = None
        self.runtime = ""
        self._ran = Ran()
        self.images: Any = None
        self.stream: TailStream | None = None
        self.output_quality = OutputQuality(keep_all=machine.emulated)
        self.last_split_point = -1
        self._payloads: dict[Key, Payload] = {}  # on emulated boards; without bodies
        self._tops: dict[Key, tuple[int, ...]] = {}  # likewise
        self._tensor_bytes = 0
        self._running, self._call_off = threading.Lock(), threading.Event()

    def forget(self) -> None:
        """Reuse no output of a network that was loaded before."""
        self._payloads.clear()
        self._tops.clear()

    def run(self, order: RunOrder) -> RunReport:
        """Warm up, run a window, and lead out.

        Raises:
            HostError: nothing loaded, no such split point or codec, or the cloud failed.
            LinkError: the stream to the cloud broke; the same run may succeed when asked again.
        """
        self._check(order)
        with self._alone():
            return self._run(order)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Call off a run that nobody waits for any more: its order, or its answer, was lost."""
        self._call_off.set()
        if not self._running.acquire(timeout=CALL_OFF_S):
            raise HostError("an earlier run is still going on here, and does not end")
        try:
            self._call_off.clear()
            yield
        finally:
            self._running.release()

    def _goes_on(self, window: MeasurementWindow) -> bool:
        if self._call_off.is_set():
            raise LinkError("called off by a later order")
        return not window.is_done

    def _run(self, order: RunOrder) -> RunReport:
        self.machine.catch_up(order.board_ns)
        run_start_ns = self.machine.begin(order.run)
        window = MeasurementWindow(order)
        sends = order.split_point < self.last_split_point
        try:
            if order.window.mode == "throughput" and sends and not self.machine.emulated:
                self._pipelined(order, window)
            else:
                self._in_turn(order, window, run_start_ns)
        except LinkError:
            self._payloads.clear()  # the cloud may lack what it was to reuse
            raise
        assert window.last is not None
        return RunReport(
            inferences=window.inferences,
            first=window.first,
            last=window.last,
            tensor_bytes=self._tensor_bytes if sends else 0,
            mode=order.window.mode,
            batch_size=order.batch_size,
            board_ns=self.machine.board_ns(),
            ran=self._ran,
        )

    def _check(self, order: RunOrder) -> None:
        if self.heads is None or self.images is None:
            raise HostError("a run asked before a network was loaded")
        if order.split_point < self.last_split_point and self.stream is None:
            raise HostError("a split run asked before the edge was connected to the cloud")
        if order.window.mode not in _MODES:
            raise HostError(f"mode {order.window.mode!r} asked; allowed: {', '.join(_MODES)}")
        if order.batch_size < 1:
            raise HostError(f"batch_size {order.batch_size} asked; allowed: 1 or more")
        codecs.find(order.codec)

    def _in_turn(
        self, order: RunOrder, window: MeasurementWindow, run_start_ns: int | None
    ) -> None:
        """One batch after the other by the wall's clock.

        In throughput mode, which is this only on emulated boards, they overlap in board time: a
        head waits for no result but the one that the bound of batches in flight makes it await.
        """
        in_flight = IN_FLIGHT if order.window.mode == "throughput" else 1
        ends_ns: list[int] = []
        while self._goes_on(window):
            if len(ends_ns) >= in_flight:
                self.machine.wait_until(ends_ns[-in_flight])
            images = window.images(len(ends_ns))
            begun, frame = self._head(order, images, len(ends_ns), run_start_ns)
            result = None
            if frame is not None:
                assert self.stream is not None
                self.stream.send(frame)
                result = self.stream.receive()
            done = self._done(order, begun, result)
            ends_ns.append(done[0].end_ns)
            window.add(done)
        self.machine.wait_until(ends_ns[-1])

    def _pipelined(self, order: RunOrder, window: MeasurementWindow) -> None:
        """Heads here, tensors on the link and tails in the cloud, all at the same time."""
        assert self.stream is not None
        receiver, batch = Receiver(IN_FLIGHT, self.stream.receive), 0
        try:
            while receiver.error is None and self._goes_on(window):
                receiver.begin()
                take = None
                try:
                    begun, frame = self._head(order, window.images(batch), batch, None)
                    assert frame is not None
                    self.stream.send(frame)
                    take = self._taking(order, begun, window)
                finally:
                    receiver.expect(take)
                batch += 1
        finally:
            receiver.finish()
        if receiver.error is not None:
            raise receiver.error

    def _taking(self, order: RunOrder, begun: Begun, window: MeasurementWindow) -> Any:
        return lambda result: window.add(self._done(order, begun, result))

    def _head(
        self, order: RunOrder, images: tuple[int, ...], request: int, run_start_ns: int | None
    ) -> tuple[Begun, bytes | None]:
        """Run the head on a batch; returns the frame to send, None where nothing is sent."""
        k, key = order.split_point, (images, order.split_point, order.codec)
        job = HeadJob(order.network, k, request, order.batch_size, order.codec)
        known = self._payloads.get(key) if self.machine.emulated else None
        timing, payload = self.machine.head(
            job,
            lambda: None if known else self._compute(k, images, order.edge_accelerator),
            lambda tensor: known or self._encoded(key, tensor),
        )
        if request == 0:
            self._ran = self._ran_here(k, order.edge_accelerator)
        begun = Begun(request, images, timing, payload.sent_bytes)
        self._tensor_bytes = payload.raw_bytes // len(images)
        if k == self.last_split_point:
            return begun, None
        header = header_of(order, request, images, payload, timing.arrives_ns, run_start_ns)
        return begun, pack(header, payload.body or b"")

    def _ran_here(self, split_point: int, accelerator: str) -> Ran:
        """What computed this head: none at split point 0; a board opens nothing."""
        assert self.heads is not None
        if split_point == 0:
            return Ran()
        on_cpu = accelerator == "off" and not self.machine.emulated
        return Ran(self.runtime, edge_load_ms=self.heads.load_ms if on_cpu else None)

    def _compute(self, split_point: int, images: tuple[int, ...], accelerator: str) -> Tensor:
        assert self.heads is not None
        opened = self.machine.opened_accelerator() if accelerator != "off" else None
        if opened is not None:
            return opened.run_batch(split_point, [self.images[i] for i in images])
        first, count = images[0], len(images)
        in_order = images == tuple(range(first, first + count))
        chosen = self.images[first : first + count] if in_order else self.images[list(images)]
        return self.heads.run_batch(split_point, chosen)

    def _encoded(self, key: Key, tensor: Tensor | None) -> Payload:
        """Encode a head's output for sending; at the last split point keep its classes."""
        assert tensor is not None
        _, k, codec = key
        raw_bytes = tensor.array.nbytes
        if k == self.last_split_point:
            self._tops[key] = _classes(tensor.array)
            outputs = tensor.real
            lossy = codecs.lossy_part(codec)
            self.output_quality.note(k, lossy, key[0], outputs.reshape(len(outputs), -1))
            payload = Payload(raw_bytes=raw_bytes)
        else:
            seen, body = codecs.find(codec).encode(tensor)
            payload = Payload(
                raw_bytes=raw_bytes,
                sent_bytes=len(body),
                dtype=seen.array.dtype.name,
                shape=seen.array.shape,
                scale=seen.scale,
                zero_point=seen.zero_point,
                body=body,
            )
        if self.machine.emulated:
            self._payloads[key] = payload._replace(body=None)
        return payload

    def _done(self, order: RunOrder, begun: Begun, result: TailResult | None) -> list[Inference]:
        """The inferences of a batch whose result is there."""
        timing = begun.timing
        if result is None:
            tops = self._tops[begun.images, order.split_point, order.codec]
            return [
                Inference(image, timing.start_ns, timing.end_ns, timing.end_ns, None, None, top)
                for image, top in zip(begun.images, tops, strict=True)
            ]
        check_result(begun, result)
        if (facts := result.facts) is not None:
            self._ran = msgspec.structs.replace(
                self._ran,
                cloud_runtime=facts.runtime,
                cloud_device=facts.device,
                cloud_compile_ms=facts.compile_ms,
            )
        end_ns = self.machine.result_ns(result.end_ns)
        return [
            Inference(
                image=image,
                start_ns=timing.start_ns,
                head_ns=timing.end_ns,
                end_ns=end_ns,
                tail_start_ns=result.start_ns,
                tail_end_ns=result.end_ns,
                top1=top[0],
                encoded_ns=timing.encoded_ns,
                decode_start_ns=result.decode_start_ns,
                decode_end_ns=result.decode_end_ns,
                sent_bytes=begun.sent_bytes,
            )
            for image, top in zip(begun.images, result.tops, strict=True)
        ]


def _classes(outputs: npt.NDArray[np.generic]) -> tuple[int, ...]:
    return tuple(int(c) for c in outputs.reshape(len(outputs), -1).argmax(axis=1))

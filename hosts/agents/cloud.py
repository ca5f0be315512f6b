"""The cloud agent: runs tails for the tensors that arrive on its tensor port."""

from __future__ import annotations

from collections.abc import Iterator

from hosts import codecs
from hosts.agents.output_quality import OutputQuality, Tops, highest
from hosts.agents.streaming import ahead
from hosts.codecs.base import Tensor
from hosts.core.errors import HostError, WireError
from hosts.machine.base import Machine
from hosts.models.runtimes.base import Tails
from hosts.wire.computed import TailFacts
from hosts.wire.frames import TensorHeader, tensor_of, unpack
from hosts.wire.messages import TailResult, encode
from hosts.wire.refusals import refusal

AHEAD = 2
"""Frames read while a tail runs; more are held back on the link, and then on the edge."""


class CloudAgent:
    """Answers tensors with the classes of the highest outputs.

    Attributes:
        machine: the machine below. tails: the network's tails, once loaded.
        runtime: the library that computes them, with its version, once loaded.
        output_quality: judges outputs where that is asked for.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tails: Tails | None = None
        self.runtime = ""
        self.output_quality = OutputQuality(keep_all=machine.emulated)
        self._tops: dict[tuple[str, int, str, tuple[int, ...]], Tops] = {}

    def exchange(self, frames: Iterator[bytes]) -> Iterator[bytes]:
        """One result for each frame, in order; a bad frame is answered with its error."""
        waiting, stop = ahead(frames, AHEAD)
        try:
            for frame in waiting:
                yield encode(self._answer(frame))
        finally:
            stop()

    def _answer(self, frame: bytes) -> TailResult:
        request = -1
        try:
            header, body = unpack(frame)
            request = header.request
            times, tops = self.machine.tail(
                header,
                lambda: None if header.reuse else tensor_of(header, body),
                lambda tensor: self._classes(header, tensor),
            )
        except Exception as error:  # whatever one frame does, the next are served
            return TailResult(request=request, refused=refusal(error))
        return TailResult(
            request=request,
            start_ns=times.start_ns,
            end_ns=times.end_ns,
            decode_start_ns=times.decode_start_ns,
            decode_end_ns=times.decode_end_ns,
            tops=tops,
            facts=self._facts(header) if request == 0 else None,
        )

    def _facts(self, header: TensorHeader) -> TailFacts:
        """What computed this tail; a board says where it would have run, and compiles nothing."""
        assert self.tails is not None
        if self.machine.emulated:
            return TailFacts(self.runtime, "GPU:0" if header.cloud_gpu else "CPU:0")
        return TailFacts(self.runtime, self.tails.device, self.tails.compile_ms)

    def _classes(self, header: TensorHeader, tensor: Tensor | None) -> Tops:
        """The five highest classes of each image; on emulated boards they may be reused."""
        key = (header.network, header.split_point, header.codec, header.images)
        if tensor is None:
            if key not in self._tops:
                raise WireError(f"images {header.images} never sent at {header.split_point}")
            return self._tops[key]
        if self.tails is None:
            raise HostError("a tensor arrived before a network was loaded")
        outputs = self.tails.run_batch(header.split_point, tensor, self._device(header))
        lossy = codecs.lossy_part(header.codec)
        self.output_quality.note(header.split_point, lossy, header.images, outputs)
        tops = highest(outputs)
        if self.machine.emulated:
            self._tops[key] = tops
        return tops

    def _device(self, header: TensorHeader) -> str | None:
        """The device that runs the tail; an emulated GPU computes on any device of this machine."""
        if self.machine.emulated:
            return None
        return "GPU:0" if header.cloud_gpu else "CPU:0"

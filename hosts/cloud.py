"""The cloud agent: runs tails for the tensors that arrive on its tensor port."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hosts.answers import Answers
from hosts.errors import HostError, WireError
from hosts.machine import Machine
from hosts.models.tails import Tails
from hosts.wire.frames import unpack
from hosts.wire.messages import TailResult, TensorHeader, encode

_TOP = 5

Top = tuple[int, ...]


class CloudAgent:
    """Answers tensors with the classes of the highest outputs.

    Attributes:
        machine: the machine below. tails: the network's tails, once loaded.
        answers: judges outputs where that is asked for.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tails: Tails | None = None
        self.answers = Answers(keep_all=machine.emulated)
        self._tops: dict[tuple[str, int, int], Top] = {}

    def exchange(self, frames: Iterator[bytes]) -> Iterator[bytes]:
        """One result for each frame, in order; a bad frame is answered with its error."""
        for frame in frames:
            yield encode(self._answer(frame))

    def _answer(self, frame: bytes) -> TailResult:
        request = -1
        try:
            header, tensor = unpack(frame)
            request = header.request
            start_ns, end_ns, top = self.machine.tail(header, lambda: self._top(header, tensor))
        except HostError as error:
            return TailResult(request=request, error=f"{type(error).__name__}: {error}")
        return TailResult(request=request, start_ns=start_ns, end_ns=end_ns, top=top)

    def _top(self, header: TensorHeader, tensor: np.ndarray | None) -> Top:
        """The five highest classes; on emulated boards an output may be reused."""
        key = (header.network, header.split_point, header.image)
        if tensor is None:
            if key not in self._tops:
                raise WireError(f"image {header.image} was never sent at {header.split_point}")
            return self._tops[key]
        if self.tails is None:
            raise HostError("a tensor arrived before a network was loaded")
        outputs = self.tails.run(
            header.split_point, tensor, header.scale, header.zero_point, device=self._device(header)
        )
        self.answers.note(header.split_point, "none", [header.image], outputs[np.newaxis])
        top = tuple(int(i) for i in np.argsort(outputs)[::-1][:_TOP])
        if self.machine.emulated:
            self._tops[key] = top
        return top

    def _device(self, header: TensorHeader) -> str | None:
        """Where the tail runs; an emulated GPU computes on whatever this machine has."""
        if self.machine.emulated:
            return None
        return "GPU:0" if header.cloud_gpu else "CPU:0"

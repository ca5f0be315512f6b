"""The program that holds the accelerator open in one mode, and runs compiled heads on it.

A delegate's options count only when the device is opened first: so a mode is a program. It ends
when its standard input closes.

    python -m hosts.coral.program libedgetpu.so.1 std
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from hosts.coral.messages import HeadAnswer, HeadCall, Opened, receive, send
from hosts.core.errors import HostError, KnobError, ModelError

LIBRARY, CPU = "libedgetpu.so.1", "cpu"
"""Of the Debian package libedgetpu1-std; and what stands in for it where tests run."""
PERFORMANCE = {"std": "High", "max": "Max"}
"""libedgetpu's option `Performance` for each mode: the clock of libedgetpu1-std, and of -max."""
_RESIDENT_MB = 200.0


def open_delegates(library: str, mode: str) -> list[Any]:
    """Open the accelerator in a mode.

    Raises:
        KnobError: no such mode, no such library, or the library finds no accelerator.
    """
    from ai_edge_litert.interpreter import load_delegate

    if mode not in PERFORMANCE:
        raise KnobError(f"edge_accelerator={mode} asked; allowed: {', '.join(PERFORMANCE)}")
    if library == CPU:
        return []
    # options are forwarded only to a device that is named
    options = {"device": "usb:0", "Performance": PERFORMANCE[mode]}
    try:
        return [load_delegate(library, options)]
    except OSError as error:
        raise KnobError(
            f"{library} cannot be loaded ({error}); it comes with the Debian package "
            "libedgetpu1-std, in a build for the LiteRT that is installed here"
        ) from error
    except ValueError as error:
        raise KnobError(
            f"{library} does not open the accelerator in mode {mode}: {error or 'it says no more'};"
            " is it plugged in, may this user use it (udev rules of libedgetpu1-std), and does no "
            "other program hold it?"
        ) from error


class CompiledHead:
    """One interpreter; the first call, which loads weights, is made here and discarded."""

    def __init__(self, path: str, delegates: list[Any]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(
                model_path=path, experimental_delegates=delegates or None
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} cannot be run on the accelerator: {error}") from error
        self.size_mb = Path(path).stat().st_size / 2**20
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._interpreter.invoke()

    def run(self, image: np.ndarray) -> HeadAnswer:
        """Run it on one preprocessed image, without a batch dimension."""
        shape = tuple(int(size) for size in self._input["shape"][1:])
        if image.shape != shape:
            raise ModelError(f"an image of shape {shape} expected, found {image.shape}")
        self._interpreter.set_tensor(self._input["index"], self._quantised(image[np.newaxis]))
        self._interpreter.invoke()
        array = self._interpreter.get_tensor(self._output["index"])
        scale, zero_point = self._output["quantization"]
        real = array.dtype == np.float32
        return HeadAnswer(
            dtype=array.dtype.name,
            shape=array.shape,
            scale=None if real else float(scale),
            zero_point=None if real else int(zero_point),
            array=array.tobytes(),
        )

    def _quantised(self, image: np.ndarray) -> np.ndarray:
        kind = self._input["dtype"]
        if kind == np.float32:
            return image
        scale, zero_point = self._input["quantization"]
        limits = np.iinfo(kind)
        steps = np.clip(np.round(image / scale) + zero_point, limits.min, limits.max)
        return np.asarray(steps, dtype=kind)


class CompiledHeads:
    """The heads used last, within a bound of memory."""

    def __init__(self, delegates: list[Any]) -> None:
        self._delegates = delegates
        self._resident: OrderedDict[str, CompiledHead] = OrderedDict()

    def run(self, call: HeadCall) -> HeadAnswer:
        """Run one; an error is answered."""
        try:
            image = np.frombuffer(call.image, dtype=np.float32).reshape(call.shape)
            return self._head(call.path).run(image)
        except (HostError, ValueError, RuntimeError, OSError) as error:
            return HeadAnswer(error=str(error))

    def _head(self, path: str) -> CompiledHead:
        if path not in self._resident:
            self._make_room(Path(path).stat().st_size / 2**20)
            self._resident[path] = CompiledHead(path, self._delegates)
        self._resident.move_to_end(path)
        return self._resident[path]

    def _make_room(self, needed_mb: float) -> None:
        while self._resident and (
            sum(head.size_mb for head in self._resident.values()) + needed_mb > _RESIDENT_MB
        ):
            self._resident.popitem(last=False)


def main(library: str, mode: str) -> int:
    """Open the accelerator and answer calls; returns the exit code."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        heads = CompiledHeads(open_delegates(library, mode))
    except HostError as error:
        send(answers, Opened(error=str(error)))
        return 1
    send(answers, Opened())
    try:
        while True:
            send(answers, heads.run(receive(0, HeadCall)))
    except (EOFError, BrokenPipeError):
        return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:3])
    os._exit(code)  # a library's threads must not keep the device open

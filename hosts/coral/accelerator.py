"""Heads on the accelerator: one program for each mode, replaced when the mode changes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.coral.messages import HeadAnswer, HeadCall, Opened, receive, send
from hosts.coral.program import LIBRARY
from hosts.core.errors import HostError, KnobError, ModelError

T = TypeVar("T", bound=msgspec.Struct)

_OPEN_S, _CALL_S, _END_S = 30.0, 120.0, 5.0
_SOURCE = Path(__file__).resolve().parents[2]


class Accelerator:
    """The accelerator of this host; safe to share between threads.

    Attributes:
        library: the delegate's; `cpu` stands in for it in tests.
        compiled: the compiled head of each split point that this host holds.
    """

    def __init__(self, library: str = LIBRARY) -> None:
        self.library = library
        self.compiled: dict[int, Path] = {}
        self._program: subprocess.Popen[bytes] | None = None
        self._mode = "off"
        self._lock = threading.Lock()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # its stderr, for as long as we live

    @property
    def mode(self) -> str:
        """The mode in which it is open; `off` also after its program has died."""
        return self._mode if self._program and self._program.poll() is None else "off"

    @property
    def pid(self) -> int | None:
        """Of the program that holds it open."""
        return self._program.pid if self._program and self._program.poll() is None else None

    def open(self, mode: str) -> None:
        """Open it in a mode, in a new program unless it is open so already; `off` closes it.

        Raises:
            KnobError: it cannot be opened, and why.
        """
        with self._lock:
            if mode == self.mode:
                return
            self._end()
            if mode == "off":
                return
            self._start(mode)

    def run(self, split_point: int, image: npt.NDArray[np.float32]) -> Tensor:
        """Run a compiled head on one preprocessed image, without a batch dimension.

        Raises:
            ModelError: this head is not here, or cannot be run. HostError: the program has died.
        """
        path = self.compiled.get(split_point)
        if path is None:
            raise ModelError(
                f"split point {split_point} asked of the accelerator; compiled heads here: "
                f"{', '.join(map(str, sorted(self.compiled))) or 'none'}"
            )
        image = np.ascontiguousarray(image, dtype=np.float32)
        call = HeadCall(path=str(path), shape=image.shape, image=image.tobytes())
        with self._lock:
            answer = self._ask(call)
        if answer.error:
            raise ModelError(answer.error)
        array = np.frombuffer(answer.array, dtype=answer.dtype).reshape(answer.shape)
        return Tensor(array, answer.scale, answer.zero_point)

    def run_batch(self, split_point: int, images: Sequence[npt.NDArray[np.float32]]) -> Tensor:
        """Several images (at least one), one after the other: compiled heads take one at a time.

        Raises:
            ModelError, HostError: as `run`.
        """
        found = [self.run(split_point, image) for image in images]
        return found[0]._replace(array=np.concatenate([tensor.array for tensor in found]))

    def close(self) -> None:
        """End its program."""
        with self._lock:
            self._end()

    def _start(self, mode: str) -> None:
        self._said.seek(0)
        self._said.truncate()
        self._program = subprocess.Popen(
            [sys.executable, "-m", "hosts.coral.program", self.library, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=_SOURCE,
        )
        self._mode = mode
        try:
            opened = self._receive(Opened, _OPEN_S)
        except HostError as error:
            raise KnobError(f"edge_accelerator={mode} asked; {error}") from error
        if opened.error:
            self._end()
            raise KnobError(f"edge_accelerator={mode} asked; {opened.error}")

    def _ask(self, call: HeadCall) -> HeadAnswer:
        if self._program is None or self._program.stdin is None:
            raise HostError("a head was asked of the accelerator, which is off")
        try:
            send(self._program.stdin.fileno(), call)
        except BrokenPipeError:
            raise self._died() from None
        return self._receive(HeadAnswer, _CALL_S)

    def _receive(self, kind: type[T], patience_s: float) -> T:
        assert self._program
        assert self._program.stdout
        try:
            return receive(self._program.stdout.fileno(), kind, patience_s)
        except EOFError:
            raise self._died() from None
        except TimeoutError:
            self._end()
            raise HostError(
                f"the accelerator's program did not answer in {patience_s:.0f} s; it was ended"
            ) from None

    def _died(self) -> HostError:
        """The error of a program that has ended by itself."""
        assert self._program
        code = self._program.wait()
        self._said.seek(0)
        words = self._said.read().decode(errors="replace").strip().splitlines()
        self._end()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return HostError(
            f"the accelerator's program ended {how}: {' / '.join(words[-2:]) or 'it said nothing'}"
        )

    def _end(self) -> None:
        program, self._program, self._mode = self._program, None, "off"
        if program is None:
            return
        for pipe in (program.stdin, program.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            program.wait(_END_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

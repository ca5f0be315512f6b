"""What a program on a host says of itself: kept in a log, and its last lines for messages."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path

from dynasplit.testbed.program_host import ProgramChannel

_KEPT_BYTES = 16_000
_PATIENCE_S = 2.0
_LINES = 3
_SEARCHED = 50
_NOISE = re.compile(
    r"[IW]\d{4} |WARNING: All log|INFO: "  # TensorFlow's and LiteRT's
    r"|\||\s|Traceback \(|During handling of|The above exception"  # a traceback's, for the log
)


class LastWords:
    """Collects the error output of one program until its channel ends."""

    def __init__(self, channel: ProgramChannel, log: Path | None = None) -> None:
        """Begin to collect; what is said is also appended to the log, if there is one."""
        self._channel = channel
        self._log = log
        self._told = b""
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def lines(self, last: int = _LINES) -> list[str]:
        """The last lines that say something, waiting a moment for a program that has just ended."""
        if self._channel.exit_status_ready():
            self._thread.join(_PATIENCE_S)
        told = self._told.decode(errors="replace").splitlines()
        return [line for line in told if line.strip() and not _NOISE.match(line)][-last:]

    def line(self, beginning: str) -> str:
        """The last line that begins so; else the last ones of all."""
        told = self.lines(_SEARCHED)
        return next((line for line in reversed(told) if line.startswith(beginning)), self.text())

    def text(self) -> str:
        """These lines in one."""
        return " / ".join(self.lines()) or "it said nothing"

    def _collect(self) -> None:
        while True:
            try:
                words = self._channel.recv_stderr(4096)
            except TimeoutError:  # the channel's time-out is for others; a silent program lives on
                continue
            except OSError:
                return
            if not words:
                return
            self._told = (self._told + words)[-_KEPT_BYTES:]
            if self._log is not None:
                with contextlib.suppress(OSError), self._log.open("ab") as file:
                    file.write(words)

"""Standard output, which may be closed while a run goes on."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

from rich.console import Console


class StandardOutput(Console):
    """Rich's console, but that a pipe which nobody reads any more is an error in words."""

    def on_broken_pipe(self) -> NoReturn:
        """Have what is still to be written go nowhere, and say what happened."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise BrokenPipeError(errno.EPIPE, "nobody reads it any more", "standard output")

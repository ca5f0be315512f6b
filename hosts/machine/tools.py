"""A system's own programs that set what has no file: looked for, run, and heard."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from hosts.core.errors import KnobError

_PATIENCE_S = 20.0


def find_tool(name: str) -> str | None:
    """Where a program is, also of those for administrators; None: not here."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def run_tool(words: Sequence[str]) -> str:
    """What a program prints; it is answered nothing if it asks.

    Raises:
        KnobError: it is not here, takes too long, or fails; its words.
    """
    path = find_tool(words[0])
    if path is None:
        raise KnobError(f"there is no program {words[0]} here")
    said = " ".join(words)
    try:
        done = subprocess.run(
            [path, *words[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KnobError(f"{said}: {error}") from error
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())
        raise KnobError(f"{said}: {told or f'exit code {done.returncode}'}")
    return done.stdout

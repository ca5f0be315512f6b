"""Files of JSON lines beside the journal, which a kill may leave with an unfinished line."""

from __future__ import annotations

import os
from pathlib import Path

from dynasplit.core.errors import ResultsError


def append_line(path: Path, line: bytes) -> None:
    """Append a line, on a line of its own even where the last one was never finished.

    Raises:
        ResultsError: the file cannot be written.
    """
    try:
        with path.open("a+b") as file:
            is_torn = file.seek(0, os.SEEK_END) > 0
            if is_torn:
                file.seek(-1, os.SEEK_END)
                is_torn = file.read() != b"\n"
            file.write(b"\n" * is_torn + line + b"\n")
    except OSError as error:
        raise ResultsError(f"cannot write to {path}: {error.strerror}") from error

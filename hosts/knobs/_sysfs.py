"""Reading and writing the kernel's files for knobs; what fails is named with its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hosts.core.errors import KnobError

if TYPE_CHECKING:
    from hosts.machine.base import Machine


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        KnobError: it cannot be read; the kernel's words.
    """
    try:
        return path.read_text().strip()
    except OSError as error:
        raise KnobError(f"reading {path}: {error.strerror}") from error


def number_of(path: Path, unit: str = "kHz") -> int:
    """The whole number in a file.

    Raises:
        KnobError: it cannot be read, or is none.
    """
    text = text_of(path)
    try:
        return int(text)
    except ValueError as error:
        raise KnobError(f"{path}: a number of {unit} expected, found {text!r}") from error


def put(path: Path, text: str, machine: Machine) -> None:
    """Write a file, and let it take effect.

    Raises:
        KnobError: this user may not, or the kernel refuses it.
    """
    try:
        path.write_text(text)
    except PermissionError as error:
        raise KnobError(
            f"writing {path}: permission denied; give this user write access to it"
        ) from error
    except OSError as error:
        raise KnobError(f"{path}: {text} refused by the kernel: {error.strerror}") from error
    machine.settle()

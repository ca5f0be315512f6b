"""The rights on a host's files and devices that a knob or meter needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileRight:
    """A right to files, such as those of sysfs.

    Attributes:
        pattern: of the files, from the root, without the first `/`.
        write: they are written; else they are only read.
        optional: not every host has them, and what needs them works without.
    """

    pattern: str
    write: bool
    optional: bool = False


@dataclass(frozen=True)
class UsbRight:
    """A right to a USB device.

    Attributes:
        vendor: its id, four hexadecimal digits. product: likewise.
    """

    vendor: str
    product: str


Right = FileRight | UsbRight

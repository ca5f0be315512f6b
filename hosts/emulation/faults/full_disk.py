"""A disk without room."""

from __future__ import annotations

from hosts.emulation.faults.base import DiskFault


class FullDisk(DiskFault):
    """What agents write to their state folder ends in `No space left on device`."""

    name = "full_disk"
    meaning = "nothing more can be written to the folder of the host's recorded state"

"""What ends in the midst of a run: programs of a host that are killed, and its full disk."""

from __future__ import annotations

import os
import signal
import socket as sockets
import struct
from asyncio import StreamWriter
from dataclasses import dataclass, field
from pathlib import Path

from hosts.core.errors import BoardError
from hosts.emulation import calls
from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.faults.base import DeathFault, DiskFault, Fault

_WORK = (calls.Begin, calls.Head, calls.Tail, calls.Place, calls.Idle)
"""What an agent alone asks."""
_CREDENTIALS = "iII"  # process, user, group


@dataclass
class Strikes:
    """Faults that strike once board time has come so far.

    Attributes:
        faults: the board's. state: the folder of the host's recorded state. role: the host's.
        board_is_gone: it answers nobody any more.
    """

    faults: ActingFaults
    state: Path
    role: str
    board_is_gone: bool = False
    _struck: list[Fault] = field(default_factory=list)

    def strike(self, now_ns: int, call: calls.AnyCall, client: StreamWriter) -> None:
        """Before a call is answered.

        Raises:
            BoardError: a meter's program has no more to read.
        """
        for fault in self.faults.of(DeathFault):
            if fault.acts(now_ns) and fault not in self._struck:
                self._end(fault, call, client)
        for disk in self.faults.of(DiskFault):
            if disk.acts(now_ns) != (disk in self._struck):
                self._fill(disk)

    def _end(self, fault: DeathFault, call: calls.AnyCall, client: StreamWriter) -> None:
        if fault.victim == "sshd":
            os.kill(os.getpid(), signal.SIGKILL)  # of which the board is a part
        elif fault.victim == "board":
            self.board_is_gone = True
        elif fault.victim == "meter" and isinstance(call, calls.Readings):
            raise BoardError(f"the meter's program ends: {fault.words}")
        elif fault.victim == "agent" and isinstance(call, _WORK):
            self._struck.append(fault)
            os.kill(_process_of(client), signal.SIGKILL)

    def _fill(self, disk: DiskFault) -> None:
        """Have the file in which a record is written be one without room, or again none."""
        beside = self.state / f"{self.role}.new"
        if disk in self._struck:
            self._struck.remove(disk)
            beside.unlink(missing_ok=True)
            return
        self._struck.append(disk)
        self.state.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        beside.symlink_to("/dev/full")


def _process_of(client: StreamWriter) -> int:
    """The process at the other end of a unix socket."""
    size = struct.calcsize(_CREDENTIALS)
    own = client.get_extra_info("socket")
    told = own.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, size)
    process: int = struct.unpack(_CREDENTIALS, told)[0]
    return process

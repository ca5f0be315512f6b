"""The lease of a host: one agent of a role at a time, since two would reset each other's knobs.

It is a lock on a file in the host's state folder, which the system lets go with the agent,
however that ends. The file says who holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from hosts.core.errors import BusyError, HostError

_PATIENCE_S = 0.5
_STEP_S = 0.05


class Holder(msgspec.Struct, kw_only=True):
    """The content of a lease's file.

    Attributes:
        controller: who asked for the agent: user, host and process of the controller.
        agent: the agent's process id. since: local time of this host.
    """

    controller: str
    agent: int
    since: str


@contextlib.contextmanager
def held(path: Path, controller: str) -> Iterator[None]:
    """Hold the lease at a path for as long as the context lasts.

    Args:
        path: the lease's file.
        controller: who asks, told to those that come later.

    Raises:
        BusyError: another agent holds it; says for whom, and since when.
        HostError: the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise HostError(
            f"{path} cannot be written ({error.strerror}); this host's state is kept there while "
            "it is changed: give this user write access to that folder"
        ) from error
    try:
        _lock(descriptor, path)
        now = datetime.now().astimezone().isoformat(" ", "seconds")
        _write(descriptor, Holder(controller=controller, agent=os.getpid(), since=now))
        yield
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    """Take the lock; one that is just being let go is waited for."""
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise BusyError(_refusal(path)) from None
            time.sleep(_STEP_S)
        except OSError as error:
            raise HostError(
                f"{path} cannot be locked ({error.strerror}); the state folder must be on a "
                "file system that has locks"
            ) from error
        else:
            return


def _write(descriptor: int, holder: Holder) -> None:
    """Say who holds the lease; a full disk does not keep anybody from holding it."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)


def _refusal(path: Path) -> str:
    role = path.stem
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return f"host busy: another agent uses this host as {role}; wait until its run has ended"
    return (
        f"host busy: {holder.controller or 'a controller that did not say its name'} uses this "
        f"host as {role} since {holder.since} (process {holder.agent} here); wait until that run "
        "has ended, or end it; an agent ends by itself a minute after its controller is gone"
    )

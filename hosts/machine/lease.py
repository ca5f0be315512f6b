"""The lease of a host: one controller at a time, since two would reset each other's knobs.

It is a lock on a file in the host's state folder, one for each role, which the system lets go with
the agent, however that ends. The file says who holds it. Both roles may be held on one machine, by
agents of one controller.
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
from hosts.wire.lease import ROLES, Holder, holder_of, refusal

_PATIENCE_S = 0.5
_STEP_S = 0.05


@contextlib.contextmanager
def held(path: Path, controller: str) -> Iterator[None]:
    """Hold the lease at a path for as long as the context lasts.

    Args:
        path: the lease's file.
        controller: who asks, told to those that come later.

    Raises:
        BusyError: another agent holds it, or another controller's agent the host in another role;
            says for whom, and since when.
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
        for role in ROLES:
            _check_other_role(path.with_name(f"{role}.lease"), path, controller)
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
                raise BusyError(refusal(path.stem, _holder(path))) from None
            time.sleep(_STEP_S)
        except OSError as error:
            raise HostError(
                f"{path} cannot be locked ({error.strerror}); the state folder must be on a "
                "file system that has locks"
            ) from error
        else:
            return


def _check_other_role(other: Path, own: Path, controller: str) -> None:
    """Refuse a host that another controller's agent holds in another role."""
    until_s = time.monotonic() + _PATIENCE_S
    while other != own and _is_held(other):
        holder = _holder(other)  # of who held it before, for a moment after it was taken
        if holder is not None and holder.controller == controller:
            return
        if time.monotonic() > until_s:
            raise BusyError(refusal(other.stem, holder))
        time.sleep(_STEP_S)


def _is_held(path: Path) -> bool:
    """True if an agent holds the lease; one that cannot be looked at is taken for free."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _write(descriptor: int, holder: Holder) -> None:
    """Say who holds the lease; a full disk does not keep anybody from holding it."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)


def _holder(path: Path) -> Holder | None:
    with contextlib.suppress(OSError):
        return holder_of(path.read_bytes())
    return None

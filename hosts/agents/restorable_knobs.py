"""Sets a host's knobs, and puts them back: after a run, or at the next start after a crash."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from hosts.core.errors import KnobError, NotHeldError, RestoreError, one_line
from hosts.knobs.base import HostKnob, Value, build, describe, names_on_hosts
from hosts.machine.base import Machine

Record = dict[str, dict[str, str]]
_UNKNOWN = "this host knows no such knob now"
_SET_S = 5.0
"""For a knob that is being set; one that hangs must not keep the others from being put back."""


@contextlib.contextmanager
def _named(name: str, value: Value) -> Iterator[None]:
    """Have whatever goes wrong with a setting name it: what is refused is given up by name."""
    try:
        yield
    except OSError as error:
        file = error.filename or "its files"
        raise KnobError(f"{name}={value} asked; {file}: {error.strerror or error}") from error
    except KnobError as error:
        if f"{name}={value}" in str(error):
            raise
        raise type(error)(f"{name}={value} asked; {error}") from error


class RestorableKnobs:
    """The knobs of one host, as a group.

    Attributes:
        record: the file that holds the state before the first change, while it is changed.
    """

    def __init__(self, names: Iterable[str], machine: Machine, record: Path) -> None:
        self._machine = machine
        self._knobs: dict[str, HostKnob] = {name: build(name, machine) for name in names}
        self.record = record
        self._is_recorded = False
        self._turn = threading.RLock()
        self._is_over = False

    def read(self) -> dict[str, Value]:
        """The value that every knob reads now."""
        return {name: knob.read() for name, knob in self._knobs.items()}

    def allowed(self) -> dict[str, tuple[Value, ...]]:
        """The values that every knob may be set to."""
        return {name: knob.allowed() for name, knob in self._knobs.items()}

    def apply(self, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """Set what differs from what is read; returns what is read then.

        Raises:
            KnobError: no such knob here, a value not offered, or it did not read back; or the
                host has been put back for good.
        """
        with self._turn:
            return self._apply(wanted)

    def _apply(self, wanted: Mapping[str, Value]) -> dict[str, Value]:
        for name in wanted:
            if name not in self._knobs:
                raise KnobError(
                    f"knob {name!r} asked; here are: {', '.join(self._knobs) or 'none'}"
                )
        for name in sorted(wanted, key=lambda name: self._knobs[name].stage):
            if self._is_over:
                raise KnobError(f"{name}={wanted[name]} asked; the agent is ending: nothing is set")
            with _named(name, wanted[name]):
                if self._knobs[name].holds(wanted[name]):
                    continue
            self._remember()
            with _named(name, wanted[name]):
                self._knobs[name].write(wanted[name])
        return self.read()

    def check(self, wanted: Mapping[str, Value]) -> None:
        """Check that knobs still read as they were set; numbers within the knob's tolerance.

        Raises:
            NotHeldError: one has changed by itself, or somebody else has set it.
        """
        for name, value in wanted.items():
            with _named(name, value):
                holds = self._knobs[name].holds(value)
            if not holds:
                raise NotHeldError(
                    f"{name}={value} was set before the run, {self._knobs[name].read()} is read "
                    "after it: something else on this host changes it"
                )

    def restore(self, *, unknown_may_stay: bool = False, for_good: bool = False) -> bool:
        """Put everything back to the recorded state; False if nothing was recorded.

        Each knob is put back by itself, whatever becomes of the others, and whether or not it is
        among this group's now. What could not be put back stays in the record.

        Args:
            unknown_may_stay: a knob that this host does not know is no error.
            for_good: nothing is set any more afterwards, whatever is still asked.

        Raises:
            RestoreError: which knobs could not be put back, and why.
        """
        self._is_over = self._is_over or for_good
        waited = self._turn.acquire(timeout=_SET_S)
        try:
            return self._restore(unknown_may_stay)
        finally:
            if waited:
                self._turn.release()

    def _restore(self, unknown_may_stay: bool) -> bool:
        recorded = self._recorded()
        self._is_recorded = False
        if recorded is None:
            return False
        order = sorted(recorded, key=self._stage)
        failed = {name: why for name in order if (why := self._put_back(name, recorded[name]))}
        self._keep({name: recorded[name] for name in failed})
        told = {n: w for n, w in failed.items() if not (unknown_may_stay and w == _UNKNOWN)}
        if told:
            raise RestoreError(
                "; ".join(f"{name}: {why}" for name, why in told.items())
                + f". What they were stays in {self.record}, and the next run tries again; or set "
                "them by hand and delete that file"
            )
        return True

    def restore_and_compare(self) -> dict[str, str]:
        """Put everything back; returns in words what of each knob is not as it was recorded.

        Raises:
            RestoreError: as `restore` says.
        """
        with self._turn:
            recorded = self._recorded() or {}
            self.restore()
        unlike = {}
        for name, was in recorded.items():
            now = self._knobs[name].snapshot() if name in self._knobs else was
            told = [f"{k} was {was[k]}, is {now.get(k)}" for k in was if now.get(k) != was[k]]
            if told:
                unlike[name] = ", ".join(told)
        return unlike

    def _stage(self, name: str) -> int:
        """When a knob is put back; one that is unknown comes with most."""
        known = describe(name) if name in names_on_hosts() else HostKnob
        return known.stage if issubclass(known, HostKnob) else HostKnob.stage

    def _put_back(self, name: str, snapshot: dict[str, str]) -> str:
        """Put one knob back; returns why it could not be, or nothing."""
        try:
            if name not in self._knobs and name not in names_on_hosts():
                return _UNKNOWN
            knob = self._knobs[name] if name in self._knobs else build(name, self._machine)
            knob.restore(snapshot)
        except Exception as error:  # a knob may be anybody's, and must not stop the others
            return one_line(error)
        return ""

    def _remember(self) -> None:
        """Record the state of each knob before the first change, beside what is left of others."""
        if self._is_recorded:
            return
        recorded = self._recorded() or {}
        fresh = {n: knob.snapshot() for n, knob in self._knobs.items() if n not in recorded}
        if fresh:
            self._write(recorded | fresh)
        self._is_recorded = True

    def _recorded(self) -> Record | None:
        """The record; None: there is none."""
        try:
            return msgspec.json.decode(self.record.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise RestoreError(
                f"the record of this host's state, {self.record}, cannot be read ({error}); "
                "check the host's settings by hand and delete it"
            ) from error

    def _keep(self, left: Record) -> None:
        """Keep what is not put back yet; nothing left: remove the record."""
        try:
            if left:
                self._write(left)
            else:
                self.record.unlink()
        except OSError as error:
            if left:  # the whole record is still there, and serves as well
                return
            raise RestoreError(
                f"all is put back, but {self.record} cannot be removed ({error.strerror}); "
                "delete it"
            ) from error

    def _write(self, state: Record) -> None:
        """Write the record: atomic, and on the disk."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        beside = self.record.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self.record)

"""Sets a host's knobs, and puts them back: after a run, or at the next start after a crash."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, Value, build
from hosts.machine.base import Machine

Record = dict[str, dict[str, str]]


class RestorableKnobs:
    """The knobs of one host, as a group.

    Attributes:
        record: the file that holds the state before the first change, while it is changed.
    """

    def __init__(self, names: Iterable[str], machine: Machine, record: Path) -> None:
        self._knobs: dict[str, HostKnob] = {name: build(name, machine) for name in names}
        self.record = record

    def read(self) -> dict[str, Value]:
        """The value that every knob reads now."""
        return {name: knob.read() for name, knob in self._knobs.items()}

    def allowed(self) -> dict[str, tuple[Value, ...]]:
        """The values that every knob may be set to."""
        return {name: knob.allowed() for name, knob in self._knobs.items()}

    def apply(self, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """Set what differs from what is read; returns what is read then.

        Raises:
            KnobError: no such knob here, a value not offered, or it did not read back.
        """
        for name in wanted:
            if name not in self._knobs:
                raise KnobError(
                    f"knob {name!r} asked; here are: {', '.join(self._knobs) or 'none'}"
                )
        for name, value in wanted.items():
            if not self._knobs[name].holds(value):
                self._remember()
                self._knobs[name].write(value)
        return self.read()

    def check(self, wanted: Mapping[str, Value]) -> None:
        """Check that knobs still read as they were set; numbers within the knob's tolerance.

        Raises:
            KnobError: one has changed by itself, or somebody else has set it.
        """
        for name, value in wanted.items():
            if not self._knobs[name].holds(value):
                raise KnobError(
                    f"{name}={value} was set before the run, {self._knobs[name].read()} is read "
                    "after it: something else on this host changes it"
                )

    def restore(self) -> bool:
        """Put everything back to the recorded state; False if nothing was recorded."""
        if not self.record.is_file():
            return False
        try:
            recorded = msgspec.json.decode(self.record.read_bytes(), type=Record)
        except msgspec.MsgspecError as error:
            raise KnobError(
                f"the record of this host's state, {self.record}, cannot be read ({error}); "
                "check the host's settings by hand and delete it"
            ) from error
        for name, snapshot in recorded.items():
            if name in self._knobs:
                self._knobs[name].restore(snapshot)
        self.record.unlink()
        return True

    def _remember(self) -> None:
        """Record the state before the first change; atomic, and on the disk."""
        if self.record.is_file():
            return
        self.record.parent.mkdir(parents=True, exist_ok=True)
        state: Record = {name: knob.snapshot() for name, knob in self._knobs.items()}
        beside = self.record.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self.record)

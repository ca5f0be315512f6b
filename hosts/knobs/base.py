"""What every knob can do, and how one is found by its name."""

from __future__ import annotations

import importlib
from typing import Protocol

from hosts.core.errors import KnobError
from hosts.core.modules import module_names
from hosts.machine.base import Machine

Value = int | str | bool


class Knob(Protocol):
    """One hardware setting of this host.

    Attributes:
        name: as in configurations; carries its unit.
    """

    name: str

    def allowed(self) -> tuple[Value, ...]:
        """The values that this host offers, from the slowest to the fastest."""
        ...

    def read(self) -> Value:
        """What the hardware says now."""
        ...

    def holds(self, value: Value) -> bool:
        """Whether the hardware reads as this value."""
        ...

    def write(self, value: Value) -> None:
        """Set an allowed value, and return when it reads back.

        Raises:
            KnobError: refused, or reads back as something else.
        """
        ...

    def snapshot(self) -> dict[str, str]:
        """The state from which `restore` puts everything back."""
        ...

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back the state of a snapshot."""
        ...


def names() -> list[str]:
    """The knobs there are: this folder's modules."""
    return module_names(importlib.import_module("hosts.knobs").__path__)


def build(name: str, machine: Machine) -> Knob:
    """The knob of that name on this machine.

    Raises:
        KnobError: there is no such knob.
    """
    if name not in names():
        raise KnobError(f"knob {name!r} asked; there are: {', '.join(names())}")
    knob: Knob = importlib.import_module(f"hosts.knobs.{name}").build(machine)
    return knob


def check_allowed(knob: Knob, value: Value) -> None:
    """Refuse a value that the host does not offer."""
    if value not in knob.allowed():
        allowed = ", ".join(str(v) for v in knob.allowed())
        raise KnobError(f"{knob.name}={value} asked; this host offers: {allowed}")

"""The base of conditions, and look-up by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from hosts.core.errors import ExtensionError, HostError
from hosts.core.modules import module_names, own_class

if TYPE_CHECKING:
    from hosts.machine.base import Machine
    from hosts.wire.messages import RunReport

Where = Literal["edge", "cloud", "hosts", "link"]


class Condition:
    """A condition of hosts or of the link, observed once with each measured window.

    Attributes:
        name: as in tables (`condition_<where>_<name>`); carries its unit.
        unit: of its values.
        where: the host that it is read on, `hosts` for both, or `link`.
        meaning: one line for help.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = ""
    where: ClassVar[Where]
    meaning: ClassVar[str]

    def read(self, machine: Machine) -> float | None:
        """The value on a host just after a window; None: not known there."""
        return None

    def of_run(self, report: RunReport) -> float | None:
        """The value for the link, from a window's own inferences; None: not known."""
        return None


@cache
def conditions() -> dict[str, type[Condition]]:
    """Every condition by its name."""
    path = importlib.import_module("hosts.conditions").__path__
    return {name: _class_of(name) for name in module_names(path)}


def describe(key: str) -> type[Condition] | None:
    """The condition of a key `<where>_<name>`; None: it is not known here."""
    return conditions().get(key.partition("_")[2])


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys by host or link, then by name."""
    places = {"edge": 0, "cloud": 1, "link": 2}
    return sorted(keys, key=lambda key: (places.get(key.partition("_")[0], 3), key))


def read_conditions(machine: Machine, role: str) -> dict[str, float]:
    """The conditions that are known on a host, as `<role>_<name>` to value.

    One that fails to be read is left out: observing costs no measurement.
    """
    here = [c() for c in conditions().values() if c.where in (role, "hosts")]
    return _known((f"{role}_{c.name}", partial(c.read, machine)) for c in here)


def conditions_of_run(report: RunReport) -> dict[str, float]:
    """The link's conditions in a window, as `link_<name>` to value."""
    link = [c() for c in conditions().values() if c.where == "link"]
    return _known((f"link_{c.name}", partial(c.of_run, report)) for c in link)


def _known(readings: Iterable[tuple[str, Callable[[], float | None]]]) -> dict[str, float]:
    found = {}
    for name, read in readings:
        with suppress(HostError, OSError, ValueError):
            value = read()
            if value is not None:
                found[name] = float(value)
    return found


def _class_of(name: str) -> type[Condition]:
    module = importlib.import_module(f"hosts.conditions.{name}")
    found = own_class(module, Condition, name)
    if found is None:
        raise ExtensionError(
            f"{module.__file__}: a class derived from Condition with name = {name!r} expected"
        )
    if (where := getattr(found, "where", None)) not in get_args(Where):
        allowed = ", ".join(get_args(Where))
        raise ExtensionError(f"{module.__file__}: where = {where}; allowed: {allowed}")
    return found

"""The base of knobs: their description, the host's side, and look-up by name."""

from __future__ import annotations

import importlib
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from hosts.core.errors import ExtensionError, KnobError
from hosts.core.modules import load, module_names, own_class
from hosts.core.rights import Right

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile
    from hosts.machine.base import Machine

Value = int | str | bool
Where = Literal["edge", "cloud", "link", "software"]
_ORDER: tuple[Where, ...] = ("edge", "cloud", "link", "software")
_FIRST_WORDS = ("off", "none")


class Knob:
    """A setting that a search may choose; the class describes it, an instance is on a host.

    Attributes:
        name: as in configurations, options (`space.<name>`) and tables; carries its unit.
        unit: of its values; empty for words and for true or false.
        kind: the type of its values: int, str or bool.
        where: what it acts on; `software` knobs are set on the edge's agent.
        meaning: one line for help, tables and messages.
        idle: its value while its host has nothing to compute; None: any.
        least: smallest number allowed. most: greatest number allowed. None: any.
        values: values that every host with this knob offers; empty: each host offers its own.
        plain: for knobs that each run order carries, the value that a run has if it is not
            searched (`measure.<name>` says another one); None: a setting of a host.
        plain_is_fastest: the least value counts as the fastest.
        rights: on the host's files and devices, without which it cannot be set.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = ""
    kind: ClassVar[type[Value]]
    where: ClassVar[Where]
    meaning: ClassVar[str]
    idle: ClassVar[Value | None] = None
    least: ClassVar[float | None] = None
    most: ClassVar[float | None] = None
    values: ClassVar[tuple[Value, ...]] = ()
    plain: ClassVar[Value | None] = None
    plain_is_fastest: ClassVar[bool] = False
    rights: ClassVar[tuple[Right, ...]] = ()

    @classmethod
    def rank(cls, value: Value) -> tuple[float, str]:
        """The natural order of values: numbers ascend; `off` and `none` before other words."""
        if isinstance(value, str):
            first = _FIRST_WORDS.index(value) if value in _FIRST_WORDS else len(_FIRST_WORDS)
            return float(first), value
        return float(value), ""

    @classmethod
    def ordered(cls, values: Iterable[Value]) -> tuple[Value, ...]:
        """The distinct values, from the slowest to the fastest."""
        return tuple(sorted(set(values), key=cls.rank, reverse=cls.plain_is_fastest))

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """Of these values the one that it has while its host has nothing to compute."""
        return cls.idle

    @classmethod
    def loop_ratio(cls, slow: Value, fast: Value) -> float | None:
        """How much longer a loop of pure computing takes at one value than at the other.

        None: it does not act on such a loop.
        """
        return None

    @classmethod
    def added_s(cls, value: Value) -> float | None:
        """How much longer the link's round trip takes at a value; None: it does not act on it."""
        return None

    @classmethod
    def felt_ends(cls, values: Sequence[Value]) -> tuple[Value, Value]:
        """Of values from slow to fast the two between which `loop_ratio` is looked for."""
        return values[0], values[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """A value in words for people; empty: it goes without saying."""
        if cls.unit:
            return f"{cls.name.rpartition('_')[0] or cls.name} {value} {cls.unit}"
        return f"{cls.name} {value}"

    @classmethod
    def of_profile(cls, profile: Profile, network: str) -> tuple[Value, ...]:
        """The values that a profile's boards offer for a network; empty: no such knob there."""
        return cls.ordered(profile.knobs.get(cls.name, ()))

    @classmethod
    def allowed_of(cls, profile: Profile | None) -> tuple[Value, ...] | None:
        """The values allowed of a knob that run orders carry; None: any from `least` to `most`.

        Args:
            profile: whose costs must be known; None: hosts measure them.
        """
        return None


class HostKnob(Knob, ABC):
    """A knob whose setting is a state of a host (or of its agent), on one machine.

    Attributes:
        stage: knobs are set, and put back, from the lowest stage on: 0 for what decides which CPUs
            are online and how fast they may be, 1 for CPUs, without which others have no files.
    """

    stage: ClassVar[int] = 2

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def allowed(self) -> tuple[Value, ...]:
        """The values that this host offers, from the slowest to the fastest."""
        return self.ordered(self.values)

    @abstractmethod
    def read(self) -> Value:
        """The value that the hardware says now."""

    @abstractmethod
    def write(self, value: Value) -> None:
        """Set an allowed value, and return when it reads back.

        Raises:
            KnobError: refused, or reads back as something else.
        """

    def holds(self, value: Value) -> bool:
        """True if the hardware reads as this value."""
        return self.read() == value

    def files(self) -> tuple[Path, ...]:
        """The files that setting it writes, which this user must be able to write."""
        return ()

    def snapshot(self) -> dict[str, str]:
        """The state from which `restore` puts everything back."""
        return {"value": repr(self.read())}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back the state of a snapshot."""
        self.write(next(v for v in self.allowed() if repr(v) == snapshot["value"]))

    def shut_files(self) -> tuple[Path, ...]:
        """The files that it writes, and that this user may not write."""
        return tuple(path for path in self.files() if not os.access(path, os.W_OK))

    def discover(self) -> tuple[Value, ...]:
        """The values that may be searched on this machine, if this user may set them.

        Raises:
            KnobError: why there are none.
        """
        if shut := self.shut_files():
            raise KnobError(f"{shut[0]} is not writable for this user")
        values = self.allowed()
        if len(values) < 2:
            only = ", ".join(f"{v} {self.unit}".rstrip() for v in values) or "no value"
            raise KnobError(f"only {only} offered")
        return values

    def check_allowed(self, value: Value) -> None:
        """Refuse a value that the host does not offer."""
        if value not in self.allowed():
            allowed = ", ".join(str(v) for v in self.allowed())
            raise KnobError(f"{self.name}={value} asked; this host offers: {allowed}")


@cache
def knobs() -> dict[str, type[Knob]]:
    """Every knob by its name: those that act on the edge first, then cloud, link, software."""
    found = [_class_of(name) for name in module_names(_package_path())]
    found.sort(key=lambda knob: (_ORDER.index(knob.where), knob.name))
    return {knob.name: knob for knob in found}


def names_on_hosts(role: str | None = None) -> list[str]:
    """The knobs that are set on hosts; with a role, on that one (link and software on the edge)."""
    on = {"edge": ("edge", "link", "software"), "cloud": ("cloud",)}
    found = [k for k in knobs().values() if issubclass(k, HostKnob)]
    return [k.name for k in found if role is None or k.where in on[role]]


def describe(name: str) -> type[Knob]:
    """The description of a knob; of one that is not known here, a general one."""
    known = knobs().get(name)
    return known if known is not None else _foreign(name)


def is_packaged(name: str) -> bool:
    """True if the knob belongs to the package, False for one of an extension or unknown."""
    known = knobs().get(name)
    return known is not None and Path(inspect.getfile(known)).parent == Path(__file__).parent


def build(name: str, machine: Machine) -> HostKnob:
    """The knob of that name on this machine.

    Raises:
        KnobError: there is no such knob, or it is no setting of a host.
    """
    known = knobs().get(name)
    if known is None or not issubclass(known, HostKnob):
        raise KnobError(f"knob {name!r} asked; there are: {', '.join(names_on_hosts())}")
    return known(machine)


@cache
def _foreign(name: str) -> type[Knob]:
    where = "cloud" if name.startswith("cloud_") else "edge"
    about = {"name": name, "where": where, "meaning": "a knob of this testbed"}
    return type("ForeignKnob", (_Foreign,), about)


class _Foreign(Knob):
    """A knob of a table that is not known here; its first value is its idle one if it is plain."""

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """`off`, or False."""
        first = cls.ordered(values)[0]
        return first if isinstance(first, bool) or first == "off" else None


def _package_path() -> Iterable[str]:
    return importlib.import_module("hosts.knobs").__path__


def _class_of(name: str) -> type[Knob]:
    module = load("hosts.knobs", name)
    found = own_class(module, Knob, name)
    if found is None:
        raise ExtensionError(
            f"{module.__file__}: a class derived from Knob with name = {name!r} expected"
        )
    allowed: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("kind", (int, str, bool)),
        ("where", _ORDER),
    )
    for attribute, choices in allowed:
        if (value := getattr(found, attribute, None)) not in choices:
            told = ", ".join(c.__name__ if isinstance(c, type) else str(c) for c in choices)
            raise ExtensionError(f"{module.__file__}: {attribute} = {value}; allowed: {told}")
    if not getattr(found, "meaning", ""):
        raise ExtensionError(f"{module.__file__}: meaning is missing; allowed: a line for help")
    return found

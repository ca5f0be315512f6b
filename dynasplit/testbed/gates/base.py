"""The base of gates, their verdicts, and look-up by name. Help lists them: nothing heavy here."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from hosts.core.errors import ExtensionError
from hosts.core.modules import load, module_names, own_class

if TYPE_CHECKING:
    from dynasplit.testbed.gates._window import ControlRuns, IdleWindow, Window

Action = Literal["off", "warn", "again", "stop"]
ACTIONS: tuple[Action, ...] = get_args(Action)
RESERVED = "every"
"""No gate's name: it sets the action of all."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A gate's threshold.

    Attributes:
        name: carries the unit.
        default: where the configuration says nothing else; None: it is not looked at.
        meaning: one line.
        least: smallest value allowed. most: greatest.
    """

    name: str
    default: float | None
    meaning: str
    least: float = 0.0
    most: float = 1e9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate found.

    Attributes:
        found: its number. allowed: what it may be, at most or (where so said) at least.
        words: what was found and what is allowed; empty: it passed.
        further: other numbers to be kept, by name with their unit.
        longer: a longer window would pass.
    """

    found: float
    allowed: float
    words: str = ""
    further: Mapping[str, float] = field(default_factory=dict)
    longer: bool = False

    @property
    def passed(self) -> bool:
        """True if nothing is wrong."""
        return not self.words


class Gate:
    """One rule that a window, an idle window, or the control configuration must pass.

    Attributes:
        name: in options, flags and messages.
        unit: the ending of its number's name, `pct`, `w`, `mhz`.
        meaning: one line for help. source: where the rule comes from.
        thresholds: what it compares with.
        action: what is done where it fails, unless the configuration says otherwise: `warn` adds
            its name to the measurement's flags, `again` measures the window again, as often as
            measure.retries says, `stop` ends the run; `off`: it is not looked at.
        is_kept: its number is kept with the measurement; False: it follows from the window before,
            and a run that was ended and goes on has another one, or none.
        cost: what it costs in testbed time. without: what it means to switch it off.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    meaning: ClassVar[str]
    source: ClassVar[str]
    thresholds: ClassVar[tuple[Threshold, ...]]
    action: ClassVar[Action] = "warn"
    is_kept: ClassVar[bool] = True
    cost: ClassVar[str] = "none"
    without: ClassVar[str] = ""

    def __init__(self, **thresholds: float | None) -> None:
        """Thresholds that are not given are the defaults."""
        self.limits = {t.name: thresholds.get(t.name, t.default) for t in self.thresholds}

    def check(self, window: Window) -> Verdict | None:
        """Judge a window; None: it cannot be told of this one, or there is nothing to judge."""
        return None

    def check_idle(self, idle: IdleWindow) -> Verdict | None:
        """Judge an idle window of one host; likewise."""
        return None

    def check_control(self, control: ControlRuns) -> Verdict | None:
        """Judge the control configuration's last runs; likewise."""
        return None

    def limit(self, name: str) -> float:
        """A threshold; infinite where it is not looked at."""
        found = self.limits[name]
        return math.inf if found is None else found

    @property
    def figure(self) -> str:
        """The name of its number, with the unit."""
        return f"{self.name}_{self.unit}"


@cache
def gates() -> dict[str, type[Gate]]:
    """Every gate by its name."""
    path = importlib.import_module("dynasplit.testbed.gates").__path__
    return {name: _class_of(name) for name in module_names(path)}


def _class_of(name: str) -> type[Gate]:
    module = load("dynasplit.testbed.gates", name)
    found = own_class(module, Gate, name)
    if found is None or name == RESERVED:
        raise ExtensionError(
            f"{module.__file__}: a class derived from Gate with name = {name!r} expected, and not "
            f"{RESERVED!r}"
        )
    if found.action not in ACTIONS:
        raise ExtensionError(
            f"{module.__file__}: action = {found.action}; allowed: {', '.join(ACTIONS)}"
        )
    return found

"""Rules of options: the allowed values, and the words that say them.

A rule stands beside its option's type and default in `options/<group>.py`, as the field's metadata.
Rules that join two options of a group are methods `conflicts` of the group.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from dynasplit.core.errors import ConfigurationError
from hosts.core.modules import module_names

_RULE = "rule"


@dataclass(frozen=True)
class Rule:
    """The allowed values of an option.

    Attributes:
        allowed: in words; asked only for a message, as names may have to be looked up.
        test: is told a value that is present, never None.
        settle: what a value comes to, before it is tested.
        shown: a value as a message shows it.
    """

    allowed: Callable[[], str]
    test: Callable[[Any], bool]
    settle: Callable[[Any], Any] = lambda value: value
    shown: Callable[[Any], str] = str


def option(default: Any, rule: Rule) -> Any:
    """A field with a default and a rule."""
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata={_RULE: rule})
    return field(default=default, metadata={_RULE: rule})


def within(words: str, test: Callable[[Any], bool]) -> Rule:
    """A rule of its own words."""
    return Rule(lambda: words, test)


def above(least: float) -> Rule:
    """A finite number above one."""
    return within(f"above {least:g}", lambda v: least < v < float("inf"))


def at_least(least: float) -> Rule:
    """A finite number from one on."""
    return within(f"{least:g} or more", lambda v: least <= v < float("inf"))


def tcp_port() -> Rule:
    """A TCP port."""
    return within("from 1 to 65535", lambda v: 1 <= v < 2**16)


def seed() -> Rule:
    """A seed of random numbers."""
    return within("from 0 to 4294967295", lambda v: 0 <= v < 2**32)


def share(*, zero: bool = True, one: bool = True) -> Rule:
    """A number from 0 to 1, with or without these two."""
    low, high = "from 0" if zero else "above 0", "up to 1" if one else "below 1"
    words = "from 0 to 1" if zero and one else f"{low}, {high}"
    return within(words, lambda v: (v >= 0 if zero else v > 0) and (v <= 1 if one else v < 1))


def one_of(*choices: str) -> Rule:
    """One of these words."""
    return within(", ".join(choices), choices.__contains__)


def name_in_folder(package: str) -> Rule:
    """The name of a module of a folder with one file for each kind of thing."""
    return listed(lambda: module_names(importlib.import_module(package).__path__))


def listed(names: Callable[[], Sequence[str]]) -> Rule:
    """One of the names that a function tells; it is called when a value is checked."""
    return Rule(lambda: ", ".join(names()), lambda v: v in names())


def several(one: Rule) -> Rule:
    """A list with at least one value, each once, each as the rule says."""

    def test(values: Sequence[Any]) -> bool:
        distinct = len({repr(value) for value in values}) == len(values)
        return bool(values) and distinct and all(map(one.test, values))

    return Rule(lambda: f"at least one, each once, of {one.allowed()}", test)


def rule_of(group: type, name: str) -> Rule | None:
    """The rule of a group's option, if it has one."""
    found = next((f for f in fields(group) if f.name == name), None)
    rule: Rule | None = found.metadata.get(_RULE) if found else None
    return rule


def settle(group: Any) -> None:
    """Put what their options' rules make of the values in their place, in a group and below."""
    for one in fields(group):
        value, rule = getattr(group, one.name), one.metadata.get(_RULE)
        if is_dataclass(value):
            settle(value)
        elif rule is not None and value is not None:
            setattr(group, one.name, rule.settle(value))


def check_rules(group: Any, where: str = "") -> None:
    """Refuse values that their options' rules do not allow, in a group and the groups in it.

    Args:
        group: an instance of a group's class.
        where: the path to it, with a dot at its end; empty: the whole configuration.

    Raises:
        ConfigurationError: names the option, what was found, and what is allowed.
    """
    for one in fields(group):
        value, rule = getattr(group, one.name), one.metadata.get(_RULE)
        if is_dataclass(value):
            check_rules(value, f"{where}{one.name}.")
        elif rule is not None and value is not None and not rule.test(value):
            raise ConfigurationError(
                f"{where}{one.name}={rule.shown(value)}; allowed: {rule.allowed()}"
            )
    conflicts: Callable[[], Iterator[str]] | None = getattr(group, "conflicts", None)
    for conflict in conflicts() if conflicts else ():
        raise ConfigurationError(f"{where}{conflict}")

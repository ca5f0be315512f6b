"""The options of `measure.gates`: action and thresholds of each gate, as it states them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, make_dataclass
from typing import TYPE_CHECKING, Any

from dynasplit.config.rules import Rule, option, within


def _action(default: str | None, actions: tuple[str, ...]) -> Any:
    """An action; YAML takes the word off for false."""
    rule = Rule(
        lambda: ", ".join(actions),
        actions.__contains__,
        settle=lambda word: "off" if word.lower() == "false" else word,
    )
    return option(default, rule)


def _threshold(stated: Any) -> Any:
    """A number; null: it is not looked at."""
    words = f"from {stated.least:g} to {stated.most:g}, or null"
    return option(stated.default, within(words, lambda v: stated.least <= v <= stated.most))


def _gates_conf() -> type:
    """A group for each gate, and the action of all."""
    base = importlib.import_module("dynasplit.testbed.gates.base")
    groups: list[Any] = [(base.RESERVED, str | None, _action(None, base.ACTIONS))]
    for name, gate in base.gates().items():
        options: list[Any] = [("action", str, _action(gate.action, base.ACTIONS))]
        options += [(t.name, float | None, _threshold(t)) for t in gate.thresholds]
        made = make_dataclass(f"{gate.__name__}Conf", options)
        made.__doc__ = f"Gate {name}: {gate.meaning}."
        groups.append((name, made, field(default_factory=made)))
    made = make_dataclass("GatesConf", groups)
    made.__doc__ = "Action and thresholds of each gate; every: the action of all of them."
    return made


if TYPE_CHECKING:

    @dataclass
    class GatesConf:
        """Gates: a group for each, and the action of all."""

        every: str | None = None

else:
    GatesConf = _gates_conf()

"""Scheduling policies, one file each; `build` finds them by name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, cast

from dynasplit.core.errors import ConfigurationError
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies.base import Policy
from hosts.core.modules import extended, module_names

__all__ = ["Policy", "available", "build", "names"]

__path__ = extended(__path__, "policies")


def names() -> list[str]:
    """The policies that there are: the names of their files."""
    return module_names(__path__)


def build(name: str, front: ParetoFront, **options: Any) -> Policy:
    """A policy by the name of its file, choosing from a front.

    Raises:
        ConfigurationError: there is no such policy, it has no such option, or the front lacks
            what it needs.
    """
    if name not in names():
        raise ConfigurationError(f"no policy {name!r}; there are: {', '.join(names())}")
    make = importlib.import_module(f"{__name__}.{name}").build
    allowed = list(inspect.signature(make).parameters)[1:]
    strange = sorted(set(options) - set(allowed))
    if strange:
        raise ConfigurationError(
            f"policy {name} has no option {', '.join(strange)}; "
            f"it has: {', '.join(allowed) or 'none'}"
        )
    return cast(Policy, make(front, **options))


def available(front: ParetoFront) -> dict[str, str | None]:
    """Each policy's name, with None if this front allows it, or else why it does not."""
    reasons: dict[str, str | None] = {}
    for name in names():
        try:
            build(name, front)
            reasons[name] = None
        except ConfigurationError as error:
            reasons[name] = str(error)
    return reasons

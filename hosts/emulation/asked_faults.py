"""Faults by their names: what there are, and what is asked for, completed and checked."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from hosts.core.errors import BoardError
from hosts.core.modules import load, module_names, own_class
from hosts.emulation.faults.base import TIMES, Asked, Fault, Value, span_ns, words_of

_PACKAGE = "hosts.emulation.faults"


def names() -> list[str]:
    """The faults there are: this folder's modules."""
    return module_names(importlib.import_module(_PACKAGE).__path__)


def find(name: str) -> type[Fault]:
    """A fault's class.

    Raises:
        BoardError: there is none of this name.
    """
    if name not in names():
        raise BoardError(f"fault {name!r} asked; allowed: {', '.join(names())}")
    found = own_class(load(_PACKAGE, name), Fault, name)  # type: ignore[type-abstract]
    assert found is not None, name
    return found


def completed(asked: Sequence[Any]) -> list[dict[str, Value]]:
    """Faults as they are asked for, each with its host and all its parameters.

    Args:
        asked: names, or mappings with `fault` and what else is to be said.

    Raises:
        BoardError: one is unknown, out of its range, or contradicts another.
    """
    every = [_completed(one) for one in asked]
    for first, second in combinations(every, 2):
        _check_together(first, second)
    return every


def built(asked: Sequence[Asked], role: str, seed: int) -> list[Fault]:
    """The faults of one host, of those that are asked for."""
    every = completed(asked)
    return [find(str(a["fault"]))(a, seed) for a in every if a["host"] == role]


def _completed(asked: Any) -> dict[str, Value]:
    given = {"fault": asked} if isinstance(asked, str) else asked
    if not isinstance(given, Mapping) or not isinstance(given.get("fault"), str):
        raise BoardError(f"fault {asked!r} asked; allowed: NAME, or {{fault: NAME, ...}}")
    kind = find(given["fault"])
    parameters = {p.name: p for p in (*kind.parameters, *TIMES)}
    strange = [key for key in given if key not in ("fault", "host", *parameters)]
    if strange:
        raise BoardError(
            f"fault {kind.name} with {', '.join(strange)} asked; allowed: host, "
            f"{', '.join(parameters)}"
        )
    host = given.get("host", kind.hosts[0])
    if host not in kind.hosts:
        raise BoardError(
            f"fault {kind.name} with host={host} asked; allowed: {', '.join(kind.hosts)}"
        )
    whole: dict[str, Value] = {"fault": kind.name, "host": host}
    for name, parameter in parameters.items():
        value = given.get(name, parameter.default)
        if not parameter.allows(value):
            raise BoardError(
                f"fault {kind.name} with {name}={value} asked; allowed: {parameter.allowed}"
            )
        whole[name] = value
    return whole


def _check_together(first: Asked, second: Asked) -> None:
    """Refuse two faults of one host that cannot act at the same time."""
    kinds = [find(str(one["fault"])) for one in (first, second)]
    same = kinds[0] is kinds[1] or (kinds[0].excludes and kinds[0].excludes == kinds[1].excludes)
    if first["host"] != second["host"] or not same:
        return
    (begin_ns, end_ns), (other_ns, other_end_ns) = span_ns(first), span_ns(second)
    before = end_ns is not None and end_ns <= other_ns
    if before or (other_end_ns is not None and other_end_ns <= begin_ns):
        return
    raise BoardError(
        f"faults {words_of(first)} and {words_of(second)} asked at the same time; allowed: one "
        "of them, or one after the other (after_s, for_s)"
    )

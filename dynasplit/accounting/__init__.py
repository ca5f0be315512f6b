"""Accountings of energy, one file each; `build` finds them by name.

An accounting is a view: it says for how much of the hosts' idle power a request pays. What is
measured is the same under all of them, and `_view` turns one into another.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import fields
from typing import Any, cast

import msgspec

from dynasplit.accounting.base import Accounting
from dynasplit.core.errors import ConfigurationError, DataError
from hosts.core.modules import extended, module_names

__all__ = ["DEFAULT", "Accounting", "build", "name_in", "named", "names"]

__path__ = extended(__path__, "accounting")
DEFAULT = "occupied"


def names() -> list[str]:
    """The accountings that there are: the names of their files."""
    return module_names(__path__)


def build(name: str, **options: Any) -> Accounting:
    """An accounting by the name of its file, with those of the options that it has.

    Raises:
        ConfigurationError: there is none of this name.
    """
    if name not in names():
        raise ConfigurationError(f"no accounting {name!r}; there are: {', '.join(names())}")
    make = importlib.import_module(f"{__name__}.{name}").Rule
    own = {field.name for field in fields(make)}
    return cast(Accounting, make(**{key: v for key, v in options.items() if key in own}))


def name_in(label: str) -> str:
    """The name of an accounting in its label, without its options."""
    return label.partition("(")[0]


def named(label: str) -> Accounting:
    """An accounting by its label, as tables have it: `wall`, `shared(share=time, tenants=2)`.

    Raises:
        DataError: no accounting has such a label.
    """
    found = re.fullmatch(r"(\w+)(?:\((.*)\))?", label.strip())
    try:
        if found is None:
            raise ValueError("not a name with options")
        words = [word.partition("=") for word in (found[2] or "").split(",") if word.strip()]
        given = {key.strip(): value.strip() for key, _, value in words}
        plain = build(found[1])
        if strange := set(given) - set(vars(plain)):
            raise ValueError(f"it has no option {', '.join(sorted(strange))}")
        return msgspec.convert(given, type(plain), strict=False) if given else plain
    except (ValueError, ConfigurationError, msgspec.ValidationError) as error:
        raise DataError(
            f"energies by the accounting {label!r}: {error}; known: {', '.join(names())}"
        ) from error

"""The options of the configuration by the dotted paths that the command line names them with."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from dynasplit.config.schema import Config


def group_at(path: str) -> Any:
    """The class of the options at a dotted path of the configuration ("": the whole).

    None for a path that leads nowhere, or to a single value.
    """
    group: Any = Config
    for part in filter(None, path.split(".")):
        found = next((f for f in fields(group) if f.name == part), None)
        group = found.default_factory if found else None
        if not (isinstance(group, type) and is_dataclass(group)):
            return None
    return group


def allowed_under(path: str) -> dict[str, Any]:
    """The keys allowed below a dotted path of the configuration, with their types."""
    group = group_at(path)
    return {f.name: f.type for f in fields(group)} if group else {}


def is_word(path: str) -> bool:
    """True for an option whose value is a word, or a path, and no number."""
    parent, _, name = path.rpartition(".")
    return str(allowed_under(parent).get(name, "")) in ("str", "str | None")

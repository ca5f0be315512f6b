"""The modules of a folder that holds one file for each kind of thing (knobs, meters, codecs).

`DYNASPLIT_EXTENSIONS` names folders of further ones, separated as in PATH: `<folder>/knobs/x.py`
becomes `hosts.knobs.x`, `<folder>/policies/y.py` becomes `dynasplit.online.policies.y`.
"""

from __future__ import annotations

import importlib
import keyword
import os
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from hosts.core.errors import ExtensionError

EXTENSIONS_VARIABLE = "DYNASPLIT_EXTENSIONS"
ON_HOSTS = ("knobs", "conditions", "meters", "codecs")
_EXTENSIBLE = (
    *(*ON_HOSTS, "networks", "datasets", "policies", "workloads", "search", "gates"),
    "accounting",
)

_RESERVED = ("split_point",)

T = TypeVar("T")


def module_names(path: Iterable[str]) -> list[str]:
    """The names of a package's modules, sorted.

    Left out are `base`, and names that begin with an underscore: parts that the others share.

    Args:
        path: the package's `__path__`.

    Raises:
        ExtensionError: an extension has a module of a name that is taken.
    """
    found: dict[str, str] = {}
    for place in path:
        for module in pkgutil.iter_modules([place]):
            if module.name in found and module.name != "base":
                raise ExtensionError(
                    f"{place}/{module.name}.py: the name {module.name} is taken by "
                    f"{found[module.name]}/{module.name}.py; give it another one"
                )
            found[module.name] = place
    names = sorted(name for name in found if name != "base" and not name.startswith("_"))
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name in _RESERVED:
            raise ExtensionError(f"{found[name]}/{name}.py: no name for a module; rename it")
    return names


def load(package: str, name: str) -> ModuleType:
    """A module of a package, which may be one of an extension.

    Raises:
        ExtensionError: it cannot be imported; why.
    """
    try:
        return importlib.import_module(f"{package}.{name}")
    except (Exception, SystemExit) as error:
        raise ExtensionError(
            f"{package}.{name} cannot be imported: {type(error).__name__}: {error}"
        ) from error


def own_class(module: ModuleType, base: type[T], name: str) -> type[T] | None:
    """A module's own class that derives from a base and has this `name`; None: there is none."""
    for value in vars(module).values():
        own = isinstance(value, type) and value.__module__ == module.__name__
        if own and issubclass(value, base) and getattr(value, "name", None) == name:
            found: type[T] = value
            return found
    return None


def extended(path: Iterable[str], name: str) -> list[str]:
    """A package's `__path__`, with the folders of this name that extensions have.

    Raises:
        ExtensionError: an extension's folder is not there.
    """
    return [*path, *(str(f / name) for f in extension_folders() if (f / name).is_dir())]


def extension_folders() -> list[Path]:
    """The folders of extensions, in the order of `DYNASPLIT_EXTENSIONS`.

    Raises:
        ExtensionError: one is not there.
    """
    named = os.environ.get(EXTENSIONS_VARIABLE, "").split(os.pathsep)
    folders = [Path(name).expanduser().resolve() for name in named if name]
    for folder in folders:
        if not folder.is_dir():
            raise ExtensionError(f"{EXTENSIONS_VARIABLE}={folder}: there is no such folder")
        if not any((folder / name).is_dir() for name in _EXTENSIBLE):
            raise ExtensionError(
                f"{EXTENSIONS_VARIABLE}={folder}: it has none of the folders "
                f"{', '.join(_EXTENSIBLE)}"
            )
    return folders

"""The modules of a folder that holds one file for each kind of thing (knobs, meters, codecs)."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable


def module_names(path: Iterable[str]) -> list[str]:
    """The names of a package's modules, sorted.

    Left out are `base`, and names that begin with an underscore: parts that the others share.

    Args:
        path: the package's `__path__`.
    """
    found = {module.name for module in pkgutil.iter_modules(path)}
    return sorted(name for name in found if name != "base" and not name.startswith("_"))

"""Search algorithms, one file each; shared modules begin with an underscore."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any, cast

from dynasplit.core.errors import ConfigurationError
from dynasplit.offline.search.base import Algorithm, Progress, Suggestion
from hosts.core.modules import extended, module_names

__all__ = ["Algorithm", "Progress", "Suggestion", "build", "names"]

__path__ = extended(__path__, "search")


def names() -> list[str]:
    """The algorithms that there are: the names of their files."""
    return module_names(__path__)


def build(name: str, **options: Any) -> Algorithm:
    """An algorithm by the name of its file.

    Raises:
        ConfigurationError: there is no such algorithm, or it has no such option.
    """
    if name not in names():
        raise ConfigurationError(f"no search algorithm {name!r}; there are: {', '.join(names())}")
    kind = _algorithm_of(name)
    allowed = [f.name for f in dataclasses.fields(cast(Any, kind))]
    strange = sorted(set(options) - set(allowed))
    if strange:
        raise ConfigurationError(
            f"search {name} has no option {', '.join(strange)}; "
            f"it has: {', '.join(allowed) or 'none'}"
        )
    try:
        return kind(**options)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"search {name}: {error}") from error


def _algorithm_of(name: str) -> type[Algorithm]:
    module = importlib.import_module(f"{__name__}.{name}")
    for value in vars(module).values():
        own = isinstance(value, type) and value.__module__ == module.__name__
        if own and issubclass(value, Algorithm):
            return cast(type[Algorithm], value)
    raise ConfigurationError(f"{module.__file__} holds no search algorithm")

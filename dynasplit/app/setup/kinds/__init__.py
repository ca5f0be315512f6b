"""The kinds of hosts, one file each; `kind_of` finds a configuration's."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, cast

from hosts.core.modules import module_names

if TYPE_CHECKING:
    from dynasplit.app.setup.kinds.base import HostsKind
    from dynasplit.config.schema import Config


def names() -> list[str]:
    """The kinds that there are: the names of their files."""
    return module_names(__path__)


def kind_of(config: Config) -> HostsKind:
    """The configuration's kind of hosts, with the configuration completed by it."""
    module = importlib.import_module(f"{__name__}.{config.hosts.kind}")
    classes = inspect.getmembers(module, inspect.isclass)
    (own,) = (kind for _, kind in classes if kind.__module__ == module.__name__)
    return cast("type[HostsKind]", own)(config)

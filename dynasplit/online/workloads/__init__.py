"""Workloads, one file each; `build` finds them by name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, cast

from dynasplit.core.errors import ConfigurationError
from dynasplit.online.workload import Thresholds
from dynasplit.online.workloads.base import Known, Order
from hosts.core.modules import extended, module_names

__all__ = ["Known", "Order", "build", "names"]

__path__ = extended(__path__, "workloads")


def names() -> list[str]:
    """The workloads that there are: the names of their files."""
    return module_names(__path__)


def build(name: str, order: Order, **options: Any) -> Thresholds:
    """A workload by the name of its file.

    Raises:
        ConfigurationError: there is none, it has no such option, or an option is out of range.
        DataError: a file cannot be used.
    """
    if name not in names():
        raise ConfigurationError(f"no workload {name!r}; there are: {', '.join(names())}")
    make = importlib.import_module(f"{__name__}.{name}").build
    allowed = list(inspect.signature(make).parameters)[1:]
    strange = sorted(set(options) - set(allowed))
    if strange:
        raise ConfigurationError(
            f"workload={name} has no option {', '.join(f'workload.{s}' for s in strange)}; "
            f"it has: {', '.join(allowed) or 'none'}"
        )
    return cast(Thresholds, make(order, **options))

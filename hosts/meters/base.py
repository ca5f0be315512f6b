"""What every power meter can do, and how one is found by its name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Protocol

from hosts.core.errors import MeterError
from hosts.core.modules import module_names
from hosts.wire.readings import MeterHeader

Option = str | int | float | bool


class PowerMeter(Protocol):
    """One source of power readings on this host."""

    def header(self) -> MeterHeader:
        """Who measures, how often and how well."""
        ...

    def readings(self) -> Iterator[list[tuple[int, float]]]:
        """Readings in batches as they come: (middle of the period on the host's clock in ns, W).

        Raises:
            MeterError: the instrument gives none, or what it gives is no power.
        """
        ...


def names() -> list[str]:
    """The meters there are: this folder's modules."""
    return module_names(importlib.import_module("hosts.meters").__path__)


def build(name: str, options: Mapping[str, Option]) -> PowerMeter:
    """The meter of that name.

    Raises:
        MeterError: no such meter, or it does not take these options.
    """
    if name not in names():
        raise MeterError(f"meter {name!r} asked; there are: {', '.join(names())}")
    try:
        meter: PowerMeter = importlib.import_module(f"hosts.meters.{name}").build(**options)
    except TypeError as error:
        raise MeterError(f"meter {name!r} with options {dict(options)}: {error}") from error
    return meter

"""What is of the same configuration, together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from dynasplit.core.space import Configuration


class _OfConfiguration(Protocol):
    @property
    def configuration(self) -> Configuration: ...


T = TypeVar("T", bound=_OfConfiguration)


def by_configuration(figures: Iterable[T]) -> dict[Configuration, list[T]]:
    """Measurements or summaries by what they are of, in their order."""
    found: dict[Configuration, list[T]] = {}
    for one in figures:
        found.setdefault(one.configuration, []).append(one)
    return found

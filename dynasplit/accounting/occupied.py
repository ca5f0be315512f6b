"""Hosts count while a request occupies them: the published rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.accounting.base import Pays, Role, Times


@dataclass(frozen=True)
class Rule:
    """The edge from arrival to answer, the cloud while it decodes and computes, idle included.

    Source: arXiv 2410.23881 counts so.
    """

    by_occupation: ClassVar[bool] = True
    meaning: ClassVar[str] = (
        "the edge from a request's arrival to its answer, waiting included; the cloud while it "
        "decodes and runs the tail; idle power included"
    )

    @property
    def label(self) -> str:
        """Its name."""
        return "occupied"

    def idle_s(self, role: Role, times: Times) -> float:
        """As long as the host is occupied."""
        return times.occupied_s(role)

    def pays(self, role: Role) -> Pays:
        """While it occupies the host."""
        return Pays("occupied", 1.0)

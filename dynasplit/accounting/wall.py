"""All that every host draws, whoever computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.accounting.base import Pays, Role, Times


@dataclass(frozen=True)
class Rule:
    """Every host from arrival to answer: an idle cloud counts while the edge computes."""

    by_occupation: ClassVar[bool] = False
    meaning: ClassVar[str] = (
        "all that both hosts draw from a request's arrival to its answer, whoever computes"
    )

    @property
    def label(self) -> str:
        """Its name."""
        return "wall"

    def idle_s(self, role: Role, times: Times) -> float:
        """As long as the request lasts."""
        return times.request_s

    def pays(self, role: Role) -> Pays:
        """From its arrival to its answer."""
        return Pays("request", 1.0)

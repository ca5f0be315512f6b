"""What a request adds to what the hosts draw anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.accounting.base import Pays, Role, Times


@dataclass(frozen=True)
class Rule:
    """As `occupied`, less the idle power of the host's state."""

    by_occupation: ClassVar[bool] = True
    meaning: ClassVar[str] = (
        "what the edge draws from arrival to answer, and the cloud while it computes, above the "
        "idle power of their state"
    )

    @property
    def label(self) -> str:
        """Its name."""
        return "active"

    def idle_s(self, role: Role, times: Times) -> float:
        """0 s: idle power is not paid for."""
        return 0.0

    def pays(self, role: Role) -> Pays:
        """None of the idle power at any time."""
        return Pays("occupied", 0.0)

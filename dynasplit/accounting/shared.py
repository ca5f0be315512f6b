"""What a request adds, and a stated share of the idle power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dynasplit.accounting.base import Pays, Role, Times
from dynasplit.core.errors import ConfigurationError


@dataclass(frozen=True)
class Rule:
    """As `active`, and of each host's idle power a share.

    Attributes:
        share: `time`: of as long as the request lasts, divided among tenants; `equal`: all of the
            time, divided among tenants and their requests alike.
        tenants: who divide the hosts among themselves.
        load_rps: requests a second of each tenant; `equal` needs it.
    """

    share: str = "time"
    tenants: int = 1
    load_rps: float | None = None

    by_occupation: ClassVar[bool] = False
    meaning: ClassVar[str] = "as active, and a stated share of both hosts' idle power"

    def __post_init__(self) -> None:
        """Refuse what cannot be divided."""
        if self.share not in ("time", "equal"):
            raise ConfigurationError(f"energy.share={self.share}; allowed: time, equal")
        if self.tenants < 1:
            raise ConfigurationError(f"energy.tenants={self.tenants}; allowed: 1 or more")
        given = "alone" if self.load_rps is None else f"with energy.load_rps={self.load_rps:g}"
        if self.share == "equal" and not (self.load_rps and self.load_rps > 0):
            raise ConfigurationError(
                f"energy.share=equal {given}; needed: energy.load_rps=RATE, how many "
                "requests a second each tenant has, among which idle power is divided"
            )

    @property
    def label(self) -> str:
        """Its name and options."""
        load = "" if self.share == "time" else f", load_rps={self.load_rps!r}"
        return f"shared(share={self.share}, tenants={self.tenants}{load})"

    def idle_s(self, role: Role, times: Times) -> float:
        """The request's share of the time."""
        if self.share == "time":
            return times.request_s / self.tenants
        assert self.load_rps is not None
        return 1 / (self.load_rps * self.tenants)

    def pays(self, role: Role) -> Pays:
        """The tenant's share; of `equal` all of the time, whatever load was stated."""
        if self.share == "time":
            return Pays("request", 1 / self.tenants)
        return Pays("between", 1 / self.tenants)

"""The options of `energy`: what counts as a request's energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynasplit.accounting import Accounting, build
from dynasplit.accounting.base import Role
from dynasplit.config.rules import (
    above,
    at_least,
    name_in_folder,
    one_of,
    option,
)


@dataclass
class EnergyConf:
    """The accounting of energy (docs/energy.md).

    Attributes:
        accounting: for how much of the hosts' idle power a request pays.
        share: of `shared`: by `time`, or `equal` among the requests of a load.
        tenants: of `shared`: who divide the hosts.
        load_rps: of `shared` with share=equal: requests a second of each tenant.
        edge_idle_w: idle power of the edge, for runs that have none. cloud_idle_w: of the cloud.
    """

    accounting: str = option("occupied", name_in_folder("dynasplit.accounting"))
    share: str = option("time", one_of("time", "equal"))
    tenants: int = option(1, at_least(1))
    load_rps: float | None = option(None, above(0))
    edge_idle_w: float | None = option(None, at_least(0))
    cloud_idle_w: float | None = option(None, at_least(0))

    @property
    def rule(self) -> Accounting:
        """The accounting, with its options."""
        return build(
            self.accounting, share=self.share, tenants=self.tenants, load_rps=self.load_rps
        )

    @property
    def stated_idle_w(self) -> dict[Role, float]:
        """Idle power that is stated for hosts whose runs have none."""
        stated: dict[Role, float | None] = {"edge": self.edge_idle_w, "cloud": self.cloud_idle_w}
        return {role: watts for role, watts in stated.items() if watts is not None}

    def conflicts(self) -> Iterator[str]:
        """Values that exclude each other."""
        if self.accounting == "shared" and self.share == "equal" and self.load_rps is None:
            yield (
                "share=equal; needed with it: energy.load_rps, the requests a second of each "
                "tenant, among which idle power is divided"
            )

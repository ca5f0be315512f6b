"""A link that changes its rate."""

from __future__ import annotations

from hosts.emulation.faults.base import LinkFault, Parameter


class SlowLink(LinkFault):
    """What depends on a tensor's size takes longer; the delay of an empty one stays."""

    name = "slow_link"
    meaning = "the link has a share of its rate"
    parameters = (Parameter("rate_share", 0.5, 0.001, 100.0, "1: as without it"),)

    def transfer_ms(self, transfer_ms: float, base_ms: float, draw: tuple[object, ...]) -> float:
        """By its rate."""
        if transfer_ms <= base_ms:
            return transfer_ms
        return base_ms + (transfer_ms - base_ms) / self.number("rate_share")

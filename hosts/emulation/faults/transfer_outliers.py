"""A link on which some transfers take far longer."""

from __future__ import annotations

from hosts.emulation.faults.base import LinkFault, Parameter
from hosts.emulation.noise import generator


class TransferOutliers(LinkFault):
    """Drawn by the board's seed, the run and the request."""

    name = "transfer_outliers"
    meaning = "a share of the transfers takes times as long"
    parameters = (
        Parameter("share", 0.05, 0.0, 1.0, "of the transfers"),
        Parameter("times", 10.0, 1.0, 1e4, "as long as without it"),
    )

    def transfer_ms(self, transfer_ms: float, base_ms: float, draw: tuple[object, ...]) -> float:
        """Longer, or not."""
        is_outlier = generator(self.name, *draw).random() < self.number("share")
        return transfer_ms * self.number("times") if is_outlier else transfer_ms

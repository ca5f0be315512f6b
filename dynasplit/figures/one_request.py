"""One request with what was metered of it, for its time line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures.series import Floats


@dataclass(frozen=True)
class Power:
    """A host's power in a window.

    Attributes:
        times_s: (n,) from the window's start. watts: (n,). channel: whose.
    """

    times_s: Floats
    watts: Floats
    channel: str


@dataclass(frozen=True)
class Served:
    """A request, and the window in which its configuration's power was metered.

    Attributes:
        request: the request.
        run: a run of its configuration; None: none is known.
        power: of each host, by its role; empty: there are no traces.
    """

    request: ServedRequest
    run: Measurement | None = None
    power: Mapping[str, Power] = field(default_factory=dict)

    @property
    def stages_ms(self) -> tuple[float, float, float] | None:
        """Of edge, link and cloud: its own, else its configuration's; None: not known."""
        for one in (self.request.measurement, self.run):
            if one is None:
                continue
            edge, link, cloud = one.edge_ms, one.transfer_ms, one.cloud_ms
            if edge is not None and link is not None and cloud is not None:
                return edge, link, cloud
        return None

    @property
    def is_own(self) -> bool:
        """True where the stages are those of the request itself."""
        return self.request.measurement.edge_ms is not None

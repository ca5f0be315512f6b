"""One served request: policy, threshold, measurement, and its share of what was metered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """Whose the energy is that hosts drew from the answer before a request to its own, in J.

    Of each host the three add up to what its counted channels drew then.

    Attributes:
        edge_attributed_j: the request's share on the edge; None: it is not metered by itself.
        edge_switching_j: setting knobs and warming up before the request, on the edge.
        edge_nobody_j: the rest on the edge.
        cloud_attributed_j: likewise in the cloud; None: its meters see the edge too, or nothing.
        cloud_switching_j: likewise. cloud_nobody_j: likewise.
    """

    edge_attributed_j: float | None = None
    edge_switching_j: float | None = None
    edge_nobody_j: float | None = None
    cloud_attributed_j: float | None = None
    cloud_switching_j: float | None = None
    cloud_nobody_j: float | None = None


class Attribution(NamedTuple):
    """A request's share, and what was drawn before it: its number, who asked, and the joules."""

    request: int
    stream: str
    attributed: Attributed


@runtime_checkable
class AttributingTestbed(Protocol):
    """A testbed whose meters follow it while it serves requests."""

    def attribute(
        self,
        figures_of: Callable[[Configuration], Measurement],
        tell: Callable[[str], None],
        *,
        at_end: bool,
    ) -> Sequence[Attribution]:
        """Divide what was drawn while requests were served, as far as that is known by now.

        Args:
            figures_of: a configuration's, an inference, as its windows were measured.
            tell: is told of what cannot be divided.
            at_end: no request follows; readings that come late are waited for.

        Returns:
            Each request once; none where there is no meter.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """One request as one policy served it.

    Attributes:
        request: the request's index in the workload.
        network: which model it asks for.
        policy: who chose the configuration.
        threshold_ms: the latency that it must not exceed.
        measurement: the window of inferences that served it.
        infeasible: it was not met, and the threshold is below the least latency known of what
            might be chosen: served best effort. A request that was met all the same is not.
        attributed: whose the joules are that were metered while it was served; None: not metered.
    """

    request: int
    network: str
    policy: str
    threshold_ms: float
    measurement: Measurement
    infeasible: bool = False
    attributed: Attributed | None = None

    def __post_init__(self) -> None:
        """A request that was met was feasible, whatever was known before."""
        object.__setattr__(self, "infeasible", self.infeasible and not self.met)

    @property
    def met(self) -> bool:
        """True if the measured latency is at most the threshold."""
        return self.measurement.latency_ms <= self.threshold_ms

    @property
    def exceedance_ms(self) -> float | None:
        """By how much the threshold was missed; None where it was met."""
        return None if self.met else self.measurement.latency_ms - self.threshold_ms

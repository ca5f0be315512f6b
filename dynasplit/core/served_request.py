"""One served request: policy, threshold, measurement."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.core.measurement import Measurement


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
    """

    request: int
    network: str
    policy: str
    threshold_ms: float
    measurement: Measurement
    infeasible: bool = False

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

"""One inference of a run whose window was measured or modelled as a whole."""

from __future__ import annotations

from typing import Any

from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import WHOLE_RUN_FLAG, is_stated


def single(run: Measurement, latency_ms: float | None, **more: Any) -> Measurement:
    """A request that took so long, served as the run's inferences were.

    Args:
        run: the run.
        latency_ms: the request's; None: single ones are not kept, so the run's stands for it, which
            a flag says.
        more: further figures of the request.
    """
    flags = tuple(flag for flag in run.flags if is_stated(flag))
    if latency_ms is None:
        flags = (*flags, WHOLE_RUN_FLAG)
    return Measurement(
        configuration=run.configuration,
        source=run.source,
        latency_ms=run.latency_ms if latency_ms is None else latency_ms,
        mode=run.mode,
        inferences=1,
        flags=flags,
        **more,
    )

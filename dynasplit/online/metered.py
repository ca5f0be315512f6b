"""The energy of a request: the mean of its configuration's metered windows, an inference.

One inference is too short for a meter, and joules of a stretch of time that are divided among its
inferences equally are what each of them has as its share; so means, which add up to what was
metered, and not medians.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dynasplit.accounting._view import times_of
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import is_doubtful, least_real
from dynasplit.core.space import Configuration

_MEANS = (
    *("energy_j", "edge_energy_j", "cloud_energy_j", "edge_idle_w", "cloud_idle_w"),
    *("edge_busy_ms", "cloud_busy_ms", "tensor_kb", "wire_kb"),
    *("accuracy", "fidelity", "accuracy_top5", "output_mae"),
)
_OWN = (
    *("latency_ms", "edge_ms", "transfer_ms", "cloud_ms", "encode_ms", "decode_ms"),
    *("switch_ms", "testbed_time_s", "mode", "conditions"),
)
"""What a request has of itself."""

_OF_WINDOWS = ("_normal_j", "_even_j", "_swing_j")
"""Parts of an energy's uncertainty that differ from window to window."""


@dataclass
class Metered:
    """Each configuration's measured figures, an inference.

    Attributes:
        known: its windows, as far as there are any.
        measure: measures a window of one that has none, as those of a front from a file.
    """

    known: Mapping[Configuration, Sequence[Measurement]]
    measure: Callable[[Configuration], Measurement]
    _means: dict[Configuration, Measurement] = field(default_factory=dict, repr=False)

    def of(self, configuration: Configuration) -> Measurement:
        """A configuration's.

        Raises:
            DynaSplitError: it has none, and cannot be measured.
        """
        if configuration not in self._means:
            runs = self.known.get(configuration) or [self.measure(configuration)]
            self._means[configuration] = mean_of(runs)
        return self._means[configuration]


def mean_of(runs: Sequence[Measurement]) -> Measurement:
    """The means of a configuration's windows, as of one inference; what some lack is None.

    Doubtful windows count only where there are no others.
    """
    sound = [run for run in runs if not is_doubtful(run.flags)] or list(runs)
    first = sound[0]
    means: dict[str, Any] = {name: _mean([getattr(run, name) for run in sound]) for name in _MEANS}
    shared = set.intersection(*(set(run.channels) for run in sound))
    return Measurement(
        configuration=first.configuration,
        source=least_real({run.source for run in sound}),
        latency_ms=statistics.fmean(run.latency_ms for run in sound),
        accounting=first.accounting,
        images=first.images if len({run.images for run in sound}) == 1 else None,
        inferences=1,
        window_s=_request_s(sound),
        channels={n: statistics.fmean(r.channels[n] for r in sound) for n in sorted(shared)},
        uncertainty=_left_open(sound),
        flags=tuple(dict.fromkeys(flag for run in sound for flag in run.flags)),
        **means,
    )


def as_served(inference: Measurement, figures: Measurement) -> Measurement:
    """A request: its own times, and its share of what its configuration draws and answers.

    Args:
        inference: as a testbed has served it.
        figures: its configuration's, an inference.
    """
    own: dict[str, Any] = {name: getattr(inference, name) for name in _OWN}
    return replace(
        figures,
        source=least_real({inference.source, figures.source}),
        flags=tuple(dict.fromkeys((*inference.flags, *figures.flags))),
        **own,
    )


def _request_s(runs: Sequence[Measurement]) -> float | None:
    """The share of the metered time that an inference has; None: not known."""
    try:
        return statistics.fmean(times_of(run).request_s for run in runs)
    except DataError:
        return None


def _left_open(runs: Sequence[Measurement]) -> dict[str, float]:
    """What meters and windows leave open of the mean; of some it is not known: nothing.

    Instruments are off alike in all windows; what each window leaves open is its own.
    """
    shared = set.intersection(*(set(run.uncertainty) for run in runs))
    found = {}
    for name in sorted(shared):
        values = [run.uncertainty[name] for run in runs]
        is_own = name.endswith(_OF_WINDOWS)
        found[name] = math.hypot(*values) / len(values) if is_own else statistics.fmean(values)
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    present = [v for v in values if v is not None]
    return statistics.fmean(present) if len(present) == len(values) else None

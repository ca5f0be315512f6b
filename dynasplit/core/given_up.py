"""What was given up: a configuration that could not be measured, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A configuration that a phase went on without.

    Attributes:
        phase: search or repeats.
        configuration: could not be measured, while another one was measured after it.
        reason: the last error.
        runs: how many runs of it there were; None: not known, as in older journals.
    """

    phase: Literal["search", "repeats"]
    configuration: Configuration
    reason: str
    runs: int | None = None


def told_apart(
    every: Iterable[GivenUp], measurements: Iterable[Measurement]
) -> tuple[tuple[GivenUp, ...], tuple[GivenUp, ...]]:
    """Those that stay given up, and those that were measured when they were asked again.

    Each configuration of a phase stands there once: with its last reason, or with the one for
    which it had failed before it was measured.
    """
    measured = Counter(m.configuration for m in measurements)
    stay: dict[tuple[str, Configuration], GivenUp] = {}
    recovered: dict[tuple[str, Configuration], GivenUp] = {}
    for one in every:
        place = one.phase, one.configuration
        before = 0 if one.runs is None and one.phase == "search" else one.runs
        came = before is not None and measured[one.configuration] > before
        (recovered if came else stay)[place] = one
    kept = {place: one for place, one in recovered.items() if place not in stay}
    return tuple(stay.values()), tuple(kept.values())

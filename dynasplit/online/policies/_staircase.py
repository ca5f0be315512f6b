"""For each threshold the choice of least energy among what meets it: a staircase, looked up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Summary
from dynasplit.online.log_bins import Steps


class Staircase:
    """A policy whose choice is one look-up in a staircase of thresholds.

    Choice i serves the thresholds from edges[i - 1] up to (not including) edges[i]; the first
    one also serves, best effort, what lies below everything.
    """

    __slots__ = ("_edges", "_steps", "choices", "feasible_above_ms", "name")

    def __init__(
        self,
        name: str,
        choices: Sequence[Summary],
        edges_ms: Sequence[float],
        feasible_above_ms: float,
    ) -> None:
        """Precompute the look-up.

        Args:
            name: the policy's.
            choices: (c,), from the fastest to the one for the most patient requests.
            edges_ms: (c - 1,), ascending: where the next choice begins.
            feasible_above_ms: the least latency known.

        Raises:
            ValueError: the edges do not ascend, or there are not as many as they must be.
        """
        if len(edges_ms) != len(choices) - 1 or any(np.diff(edges_ms) <= 0):
            raise ValueError(f"{len(choices)} choices need ascending edges; found {edges_ms}")
        self.name = name
        self.choices = tuple(choices)
        self.feasible_above_ms = feasible_above_ms
        self._edges = list(edges_ms)
        self._steps = Steps(np.array(edges_ms, dtype=np.float64))

    def choose(self, threshold_ms: float) -> Summary:
        """The choice for a request that allows this latency."""
        return self.choices[bisect_right(self._edges, threshold_ms)]

    def choose_many(self, thresholds_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """The choices for many requests (n,), as positions (n,) in `choices`."""
        return self._steps.reached(thresholds_ms)


def single(name: str, choice: Summary, feasible_above_ms: float) -> Staircase:
    """A policy that always chooses the same."""
    return Staircase(name, [choice], [], feasible_above_ms)


def least_energy_staircase(
    name: str,
    eligible: Sequence[Summary],
    guards_ms: Sequence[float],
    feasible_above_ms: float,
    tolerance: float = 0.0,
) -> Staircase:
    """For each threshold the least energy among what meets it; ties by quality, then latency.

    Args:
        name: the policy's.
        eligible: what may be chosen (e,); their energies are known.
        guards_ms: the threshold from which each is taken to be met (e,).
        feasible_above_ms: the least latency known.
        tolerance: of what needs at most this share more than the least energy, the first to
            be met is chosen.
    """
    order = sorted(range(len(eligible)), key=lambda i: (guards_ms[i], _cost(eligible[i])))
    choices = [eligible[order[0]]]
    edges: list[float] = []
    least = choices[0]
    for place, i in enumerate(order[1:], start=2):
        if _cost(eligible[i]) >= _cost(least):
            continue
        least = eligible[i]
        enough_j = energy_j(least) * (1 + tolerance)
        met = (eligible[other] for other in order[:place])
        chosen = next(s for s in met if energy_j(s) <= enough_j) if tolerance else least
        if chosen is not choices[-1]:
            choices.append(chosen)
            edges.append(guards_ms[i])
    return Staircase(name, choices, edges, feasible_above_ms)


def _cost(summary: Summary) -> tuple[float, float, float]:
    quality = summary.quality
    return energy_j(summary), -quality if quality is not None else 0.0, summary.latency_ms


def energy_j(summary: Summary) -> float:
    """A summary's energy.

    Raises:
        ConfigurationError: it was not measured.
    """
    if summary.energy_j is None:
        raise ConfigurationError(
            f"a choice by energy was asked for; {summary.configuration.words()} has no measured "
            "energy. Without energy, `fastest`, `cloud_only` and `edge_only` can be asked for"
        )
    return summary.energy_j

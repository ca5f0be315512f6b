"""Fronts whose energies have their 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dynasplit.core.intervals import Interval
from dynasplit.core.measurement import Measurement, Summary
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.uncertainty.repeats import configuration_intervals


def with_intervals(front: ParetoFront, runs: Iterable[Measurement]) -> ParetoFront:
    """The front, each energy with its interval as far as the runs tell it."""
    every = [*front.summaries, *filter(None, (front.cloud_only, front.edge_only))]
    known = configuration_intervals(runs, dict.fromkeys(s.configuration for s in every))
    return replace(
        front,
        summaries=tuple(_with(s, known) for s in front.summaries),
        cloud_only=None if front.cloud_only is None else _with(front.cloud_only, known),
        edge_only=None if front.edge_only is None else _with(front.edge_only, known),
    )


def _with(summary: Summary, known: Mapping[Configuration, Interval]) -> Summary:
    if summary.configuration not in known or summary.energy_j is None:
        return summary
    low_j, high_j = known[summary.configuration]
    return replace(summary, energy_low_j=low_j, energy_high_j=high_j)

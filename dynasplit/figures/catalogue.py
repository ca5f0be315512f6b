"""Every figure of a finished run by its name: the tables that it needs, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dynasplit import figures
from dynasplit.core.measurement import Measurement, Summary
from dynasplit.core.provenance import least_real
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures.one_request import Served
from dynasplit.figures.series import Origin, PolicySeries
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.run_record import FRONT, REQUESTS, RUNS, SUMMARY
from dynasplit.testbed.controls import FILE as CONTROLS
from dynasplit.testbed.controls import ControlRun

OWN = "dynasplit"


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What a run's folder has to draw from.

    Attributes:
        front: the one found or given.
        runs: of the search, in its order; empty: a front was given.
        summaries: of each measured configuration, likewise.
        served: the requests; empty: there are none.
        controls: runs of the control configuration. by_accounting: as in summary.json.
        own: the name of the accounting by which configurations were chosen.
        one: the request whose time line is drawn, with what was metered of it.
        remarks: what is to be said of the numbers, a line each.
    """

    front: ParetoFront
    runs: Sequence[Measurement] = ()
    summaries: Sequence[Summary] = ()
    served: Sequence[ServedRequest] = ()
    controls: Sequence[ControlRun] = ()
    by_accounting: Mapping[str, Any] = field(default_factory=dict)
    own: str = ""
    one: Served | None = None
    remarks: str = ""

    @property
    def origin(self) -> Origin:
        """Of the numbers of both phases."""
        sources = {self.front.source, *(row.measurement.source for row in self.served)}
        return Origin(self.front.model, least_real(sources), self.remarks)

    @cached_property
    def series(self) -> list[PolicySeries]:
        """The policies' requests in columns."""
        return PolicySeries.of_served(self.served, self.front.last_split_point)

    @property
    def windows(self) -> list[Measurement]:
        """Every measurement, in the order of the run."""
        return [*self.runs, *(row.measurement for row in self.served)]

    @property
    def chosen(self) -> list[ServedRequest]:
        """The requests of DynaSplit's own policy, else of the first one."""
        first = OWN if any(row.policy == OWN for row in self.served) else self.served[0].policy
        return [row for row in self.served if row.policy == first]


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Attributes:
        words: what it shows.
        needs: the files of a run's folder without which it cannot be drawn.
        draw: writes it; returns None where the tables have nothing of it.
        lacks: what they lack then, in words.
    """

    words: str
    needs: tuple[str, ...]
    draw: Callable[[Path, Tables], Path | None]
    lacks: str = "nothing of it was measured"


def _policies(name: str) -> Callable[[Path, Tables], Path | None]:
    """One of the figures of `figures.policies`."""

    def draw(path: Path, tables: Tables) -> Path | None:
        from dynasplit.figures import policies

        drawing: Callable[..., Path | None] = getattr(policies, f"draw_{name}")
        return drawing(path, tables.series, tables.origin)

    return draw


def _stages(name: str) -> Callable[[Path, Tables], Path | None]:
    """One of the figures of `figures.stages`."""

    def draw(path: Path, tables: Tables) -> Path | None:
        from dynasplit.figures import stages

        drawing: Callable[..., Path | None] = getattr(stages, f"draw_{name}")
        return drawing(path, tables.runs, tables.served, tables.origin)

    return draw


def _shares(name: str) -> Callable[[Path, Tables], Path | None]:
    """One of the figures of `figures.shares`."""

    def draw(path: Path, tables: Tables) -> Path | None:
        from dynasplit.figures import shares

        drawing: Callable[..., Path | None] = getattr(shares, f"draw_{name}")
        return drawing(path, tables.series, tables.origin)

    return draw


def _front(path: Path, tables: Tables) -> Path | None:
    return figures.draw_front_figure(path, tables.summaries, tables.front, tables.remarks)


def _knobs(path: Path, tables: Tables) -> Path | None:
    return figures.draw_knobs_figure(path, tables.summaries, tables.front, tables.remarks)


def _conditions(path: Path, tables: Tables) -> Path | None:
    return figures.draw_conditions_figure(path, tables.windows, tables.origin)


def _accountings(path: Path, tables: Tables) -> Path | None:
    return figures.draw_accountings_figure(path, tables.by_accounting, tables.own, tables.origin)


def _search(path: Path, tables: Tables) -> Path | None:
    from dynasplit.figures.search import draw

    return draw(path, tables.runs, tables.origin)


def _thresholds(path: Path, tables: Tables) -> Path | None:
    from dynasplit.figures.thresholds import draw

    return draw(path, tables.chosen, tables.front.last_split_point, tables.origin)


def _timeline(path: Path, tables: Tables) -> Path | None:
    from dynasplit.figures.timeline import draw

    return None if tables.one is None else draw(path, tables.one, tables.origin)


def _drift(path: Path, tables: Tables) -> Path | None:
    from dynasplit.figures.drift import draw

    return draw(path, tables.controls, tables.origin)


_NO_ENERGY = "energy was not measured"
FIGURES: Mapping[str, Drawing] = {
    "front": Drawing("the front, over what it dominates, with intervals", (FRONT,), _front),
    "search": Drawing(
        "hypervolume against measurements and testbed time",
        (RUNS,),
        _search,
        "fewer than two configurations were measured",
    ),
    "knobs": Drawing(
        "knob values measured, and on the front", (RUNS,), _knobs, "no knob had a choice"
    ),
    "stages": Drawing(
        "energy by stage, along split points and by policy",
        (RUNS,),
        _stages("stages"),
        "the energies of edge and cloud are not told apart",
    ),
    "channels": Drawing(
        "energy by meter channel, likewise", (RUNS,), _stages("channels"), "no channel is known"
    ),
    "energy": Drawing("energy by policy", (REQUESTS,), _policies("energy"), _NO_ENERGY),
    "accountings": Drawing(
        "energy by policy, under each accounting", (SUMMARY,), _accountings, _NO_ENERGY
    ),
    "latency": Drawing("latency by policy", (REQUESTS,), _policies("latency")),
    "cdfs": Drawing("distributions of latency and exceedance", (REQUESTS,), _shares("cdfs")),
    "met": Drawing("share of requests met, with its interval", (REQUESTS,), _shares("met")),
    "violations": Drawing("missed thresholds by policy", (REQUESTS,), _policies("violations")),
    "choices": Drawing("kinds of split that policies chose", (REQUESTS,), _policies("choices")),
    "thresholds": Drawing("threshold against choice", (REQUESTS,), _thresholds),
    "timeline": Drawing(
        "one request over edge, link and cloud, with power",
        (REQUESTS,),
        _timeline,
        "the stages of no request are known",
    ),
    "conditions": Drawing(
        "the conditions of the measurements", (REQUESTS,), _conditions, "none was observed"
    ),
    "drift": Drawing(
        "drift of the control configuration",
        (CONTROLS,),
        _drift,
        "the control was measured once",
    ),
}
"""By name, in the order in which a paper has them."""

"""The content of a run's page, from what its phases gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynasplit.app.report.page.chart import Chart, Point
from dynasplit.audit import CHECKS
from dynasplit.core.measurement import Measurement, Summary, summarise
from dynasplit.core.provenance import PROVENANCE, STATED_FLAGS, Source, shown_j, significant
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.run_record import RunRecord
from dynasplit.testbed.gates.base import gates
from dynasplit.testbed.judging import GateRules

OWN = "dynasplit"
_DRIFT = "control_drift"
_MOST_POINTS = 3000
_EACH_POLICY = 400


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a page is made of.

    Attributes:
        name: the run's, as a person knows it.
        summary: the content of summary.json. record: of run.json.
        front: what the policies chose from.
        measured: every run of the search; empty: a front was given.
        served: the requests.
        source: of the figures. told: what else is to be said of them.
        rules: the gates as they were set.
    """

    name: str
    summary: Mapping[str, Any]
    record: RunRecord
    front: ParetoFront
    measured: Sequence[Measurement]
    served: Sequence[ServedRequest]
    source: Source
    told: Sequence[str] = ()
    rules: GateRules = field(default_factory=GateRules)

    @property
    def provenance(self) -> str:
        """What the figures are."""
        return PROVENANCE[self.source]

    @property
    def windows(self) -> list[Measurement]:
        """Each window of both phases."""
        return [*self.measured, *(row.measurement for row in self.served)]


def gate_rows(told: Told) -> list[dict[str, Any]]:
    """A row for each gate that was looked at: what it found, and how often it failed."""
    windows, rows = told.windows, []
    for gate, action in told.rules.built:
        found = [m.gates[gate.figure] for m in windows if gate.figure in m.gates]
        flagged = sum(gate.name in m.flags for m in windows)
        if gate.name == _DRIFT:  # of the control runs, which no window is flagged for
            flagged = len(told.summary.get("controls", {}).get("doubtful", ()))
        limits = [f"{n.replace('_', ' ')} {v:g}" for n, v in gate.limits.items() if v is not None]
        rows.append(
            {
                "name": gate.name,
                "meaning": gate.meaning,
                "action": action,
                "limits": ", ".join(limits),
                "judged": len(found),
                "is_kept": gate.is_kept,
                "range": _range(found, gate.unit),
                "flagged": flagged,
                "verdict": "doubtful" if flagged else "passed" if found else "not judged",
            }
        )
    return rows


def flag_rows(told: Told) -> list[dict[str, Any]]:
    """A row for each thing that is doubtful about a window: what, how often, and where first."""
    where: dict[str, list[str]] = {}
    for one in told.windows:
        for flag in one.flags:
            if not flag.startswith(STATED_FLAGS):
                where.setdefault(flag, []).append(one.configuration.words())
    meanings = {**CHECKS, **{name: f"not so: {kind.meaning}" for name, kind in gates().items()}}
    return [
        {
            "name": flag,
            "meaning": meanings.get(flag, ""),
            "windows": len(places),
            "first": ", ".join(list(dict.fromkeys(places))[:3]),
        }
        for flag, places in sorted(where.items())
    ]


def front_rows(told: Told) -> list[dict[str, Any]]:
    """A row for each configuration on the front, in words, with how often it was chosen."""
    chosen = Counter(r.measurement.configuration for r in told.served if r.policy == OWN)
    doubtful: dict[Configuration, Counter[str]] = {}
    for one in told.measured:
        flags = [f for f in one.flags if not f.startswith(STATED_FLAGS)]
        doubtful.setdefault(one.configuration, Counter()).update(flags)
    return [
        {
            "words": member.configuration.words(),
            "latency": _with_quartiles(
                member.latency_ms, member.latency_q25_ms, member.latency_q75_ms, " ms"
            ),
            "energy": shown_j(member.energy_j),
            "quality": "-" if member.quality is None else f"{100 * member.quality:.1f} %",
            "runs": member.repeats,
            "chosen": chosen[member.configuration],
            "doubtful": ", ".join(
                f"{flag} {n}x" for flag, n in doubtful.get(member.configuration, Counter()).items()
            ),
        }
        for member in told.front.summaries
    ]


def front_chart(told: Told) -> Chart | None:
    """Latency against energy of what was measured; None where no energy was."""
    if not told.front.has_energy:
        return None
    on = {member.configuration for member in told.front.summaries}
    others = [s for s in summarise(told.measured) if s.configuration not in on]
    points = [_point(s, "dominated") for s in others[:_MOST_POINTS] if s.energy_j is not None]
    points += [_point(s, _kind(s, told.front.last_split_point)) for s in told.front.summaries]
    return Chart.of(points, "latency, ms", "energy of an inference, J")


def request_chart(told: Told) -> Chart | None:
    """Threshold against latency of requests, some of each policy's; None where none was served."""
    by_policy: dict[str, list[ServedRequest]] = {}
    for row in told.served:
        by_policy.setdefault(row.policy, []).append(row)
    points = [
        Point(
            row.threshold_ms,
            row.measurement.latency_ms,
            f"p-{policy}",
            f"request {row.request}, {policy}: {row.measurement.configuration.words()}, "
            f"{row.measurement.latency_ms:.1f} ms of {row.threshold_ms:.1f} ms allowed",
        )
        for policy, rows in by_policy.items()
        for row in rows[:: max(1, -(-len(rows) // _EACH_POLICY))]
    ]
    return (
        Chart.of(points, "latency that the request allows, ms", "latency, ms") if points else None
    )


def is_sampled(told: Told) -> bool:
    """True where the chart of requests leaves some out."""
    counts = Counter(row.policy for row in told.served)
    return any(count > _EACH_POLICY for count in counts.values())


def facts_of(told: Told) -> list[tuple[str, str]]:
    """The environment: code, libraries' versions, hosts."""
    record = told.record
    libraries = ", ".join(f"{name} {version}" for name, version in record.libraries.items())
    rows = [
        ("git revision", record.git_revision or "not known"),
        ("begun", record.started.replace("_", " ")),
        ("campaign", record.identity),
        ("libraries", libraries),
    ]
    for role, facts in record.host_facts.items():
        words = ", ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
        rows.append((f"{role} host", words))
    return [(name, words) for name, words in rows if words]


def _point(summary: Summary, kind: str) -> Point:
    words = (
        f"{summary.configuration.words()}: {summary.latency_ms:.1f} ms, {shown_j(summary.energy_j)}"
    )
    runs = f"{summary.repeats} run{'s' if summary.repeats > 1 else ''}"
    return Point(summary.latency_ms, summary.energy_j or 0.0, kind, f"{words}, {runs}")


def _kind(summary: Summary, last_split_point: int) -> str:
    point = summary.configuration.split_point
    return "cloud-only" if point == 0 else "edge-only" if point == last_split_point else "split"


def _with_quartiles(middle: float, low: float, high: float, unit: str) -> str:
    if low == high:
        return f"{significant(middle)}{unit}"
    return f"{significant(middle)} ({significant(low)}..{significant(high)}){unit}"


def _range(found: Iterable[float], unit: str) -> str:
    values = list(found)
    if not values:
        return ""
    shown = {"pct": "%", "mhz": "MHz", "w": "W", "c": "°C"}.get(unit, unit)
    return f"{significant(min(values))} to {significant(max(values))} {shown}"

"""Hands a finished run's results to its recorder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.app.report.recorded_traces import write_traces
from dynasplit.core.provenance import shown_j
from dynasplit.figures.series import Origin
from dynasplit.recorder import Recorder

_SMALL, _WIDE = "front_small.png", 640


def record(
    recorder: Recorder,
    summary: Mapping[str, Any],
    files: Sequence[Path],
    folder: Path,
    origin: Origin,
) -> None:
    """Record a run's results, and its traces as a person looks at them; drawn as its front is."""
    words = {"source": origin.source, "validity": validity(summary["doubtful"])}
    recorder.summary({**summary, **words})
    front = next((path for path in files if path.name == "front.png"), None)
    picture = f"![the front]({_SMALL})\n\n" if front else ""
    recorder.describe(
        f"{description(summary)}\n\n{picture}The whole story is in the artifact `report.html`."
    )
    recorder.artifacts(*files)
    if recorder.keeps:
        with tempfile.TemporaryDirectory() as place:
            recorder.artifacts(*write_traces(folder, Path(place), origin, front is not None))
            if front is not None:
                recorder.artifacts(_smaller(front, Path(place) / _SMALL))


def _smaller(picture: Path, into: Path) -> Path:
    """A picture as wide as MLflow's description of a run has room for."""
    from PIL import Image

    with Image.open(picture) as drawn:
        drawn.thumbnail((_WIDE, _WIDE))
        drawn.save(into)
    return into


def validity(block: Mapping[str, Any]) -> str:
    """What is doubtful of a run, in words that a list of runs has room for."""
    if not block["measurements"]:
        return f"none of {block['of']} measurements doubtful"
    flags = ", ".join(f"{name} {count}" for name, count in block["by_flag"].items())
    return f"{block['measurements']} of {block['of']} measurements doubtful: {flags}"


def description(summary: Mapping[str, Any]) -> str:
    """What a run found, in Markdown: the headline, and a table of the policies."""
    policies = summary["policies"]
    lines = []
    head = policies.get("dynasplit")
    if head is not None:
        met, saved = (
            f"{_number(head[name])} %{_between(head, name)}"
            for name in ("met_pct", "energy_saving_vs_cloud_pct")
        )
        lines += [
            f"dynasplit saves {saved} against cloud_only, meets {met} of {head['requests']} "
            f"requests, {shown_j(head['energy_j']['mean'])} a request "
            f"(energy={summary['accounting']}).",
            "",
        ]
    lines += [f"*{words}*  " for words in summary.get("told", ())]
    lines += [
        f"{'No measurement: emulated or modelled. ' if summary['emulated'] else ''}"
        f"Thresholds: {summary['workload']['words']}. Intervals are of 95 % over requests.",
        "",
        "| policy | met % | median ms | mean energy | saved % |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, block in policies.items():
        saving = "energy_saving_vs_cloud_pct"
        lines.append(
            f"| {name} | {_number(block['met_pct'])}{_between(block, 'met_pct')} | "
            f"{_number(block['latency_ms']['median'])} | {shown_j(block['energy_j']['mean'])} | "
            f"{_number(block[saving])}{_between(block, saving)} |"
        )
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _between(block: Mapping[str, Any], name: str) -> str:
    bounds = block.get("confidence_95", {}).get(name)
    return f" ({bounds[0]:.1f} to {bounds[1]:.1f})" if bounds else ""

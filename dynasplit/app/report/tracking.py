"""Hands a finished run's results to its recorder, and says how to look at them."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.core.passwords import masked_uri
from dynasplit.core.provenance import shown_j
from dynasplit.frames.opened import TRACES, open_run
from dynasplit.recorder import SQLITE, Recorder, artifacts_folder, file_of

LOCAL_PAGES = "http://127.0.0.1:5000"


def record(
    recorder: Recorder, summary: Mapping[str, Any], files: Sequence[Path], folder: Path
) -> None:
    """Record a run's results; all its traces go into one table."""
    recorder.summary(summary)
    recorder.describe(description(summary))
    recorder.artifacts(*files)
    if recorder.keeps and any((folder / TRACES).glob("*.parquet")):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "traces.parquet"
            open_run(folder).traces().to_parquet(path)
            recorder.artifacts(path)


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
            f"**dynasplit met {met} of {head['requests']} requests, with "
            f"{shown_j(head['energy_j']['mean'])} a request (energy={summary['accounting']}); "
            f"against cloud_only it saves {saved}.**",
            "",
        ]
    lines += [f"*{words}*  " for words in summary.get("told", ())]
    lines += [
        f"{'No measurement: emulated or modelled. ' if summary['emulated'] else ''}"
        f"Thresholds: {summary['workload']['words']}. Intervals are of 95 % over requests.",
        "",
        "| policy | met % | latency ms, median | energy, mean | saved % |",
        "|---|---|---|---|---|",
    ]
    for name, block in policies.items():
        saving = "energy_saving_vs_cloud_pct"
        lines.append(
            f"| {name} | {_number(block['met_pct'])}{_between(block, 'met_pct')} | "
            f"{_number(block['latency_ms']['median'])} | {shown_j(block['energy_j']['mean'])} | "
            f"{_number(block[saving])}{_between(block, saving)} |"
        )
    return "\n".join([*lines, "", "The whole story is in the artifact `report.html`."])


def tell_where(kept: RecordInputs, recorder: Recorder, terminal: Terminal) -> None:
    """Say how to look at what was recorded, and where the run itself is."""
    if kept.tracking == "none":
        return
    if recorder.lost is not None:
        terminal.say(f"Not in MLflow: {recorder.lost}")
    elif recorder.trouble is not None:
        terminal.say(
            f"Not in MLflow yet ({recorder.trouble}). When it answers again: "
            "python run_experiment.py +experiment=sync_tracking "
            f"results_dir={shlex.quote(str(kept.results_dir))}"
        )
    else:
        terminal.say(pages_words(kept.tracking_uri, recorder.place))


def pages_words(uri: str, place: str) -> str:
    """How to look at a run in MLflow.

    Args:
        uri: of the store.
        place: of the run, below the address of MLflow's pages.
    """
    if uri.startswith(("http://", "https://")):
        return f"In MLflow: {masked_uri(uri).rstrip('/')}/{place}"
    words = ["mlflow", "ui", "--backend-store-uri", masked_uri(uri)]
    if uri.startswith(SQLITE):
        words += ["--artifacts-destination", str(artifacts_folder(file_of(uri)))]
    return f"In MLflow: {shlex.join(words)}, and then {LOCAL_PAGES}/{place}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _between(block: Mapping[str, Any], name: str) -> str:
    bounds = block.get("confidence_95", {}).get(name)
    return f" ({bounds[0]:.1f} to {bounds[1]:.1f})" if bounds else ""

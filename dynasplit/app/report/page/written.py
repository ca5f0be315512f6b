"""Writes a run's page: one file that holds all it shows, and asks no other machine for anything."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.accounting import name_in
from dynasplit.app.report.page import content, plots
from dynasplit.app.report.page.chart import Chart
from dynasplit.app.report.page.content import Told
from dynasplit.core.errors import ResultsError
from dynasplit.core.provenance import shown_j
from dynasplit.online.attribution_block import attribution_lines

PAGE = "report.html"
_TEMPLATE = "report.html.j2"
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F8C99")
_WORDS_OF_FIGURES = {
    "front": "What was measured, and the front",
    "energy": "Energy of requests, by policy",
    "latency": "Latency of requests, by policy",
    "violations": "By how much thresholds were exceeded",
    "choices": "Which kind of split each policy chose",
    "accountings": "The same requests under each accounting of energy",
    "knobs": "Which knob values were measured, and are on the front",
    "conditions": "The conditions of the measurements",
}


def write_page(folder: Path, told: Told, figures: Sequence[Path]) -> Path:
    """Write report.html; complete or not there.

    Args:
        folder: the run's.
        told: its content.
        figures: PNG files, which go into the page.

    Raises:
        ResultsError: it cannot be written.
    """
    page = folder / PAGE
    draft = page.with_name(f".{PAGE}.draft")
    try:
        draft.write_text(page_of(told, figures), encoding="utf-8")
        draft.replace(page)
    except OSError as error:
        raise ResultsError(f"{page} cannot be written: {error}") from error
    return page


def page_of(told: Told, figures: Sequence[Path] = ()) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    environment.filters["energy"] = shown_j
    summary = told.summary
    policies = list(summary["policies"])
    colours = dict(zip(policies, _COLOURS * len(policies), strict=False))
    front, requests = content.front_chart(told), content.request_chart(told)
    drawn = _plots(summary, colours, front, requests)
    return environment.get_template(_TEMPLATE).render(
        told=told,
        summary=summary,
        own=name_in(summary["accounting"]),
        known={n: one for n, one in summary["by_accounting"].items() if "policies" in one},
        lacking={n: one for n, one in summary["by_accounting"].items() if "lacks" in one},
        colours=colours,
        attribution=attribution_lines(summary.get("attribution")),
        gates=content.gate_rows(told),
        flags=content.flag_rows(told),
        members=content.front_rows(told),
        front_chart=front,
        request_chart=requests,
        has_bars="plot-energies" in drawn,
        plots=Markup(plots.as_json(drawn)) if drawn else "",
        scripts=[Markup(text) for text in plots.scripts()],
        is_sampled=content.is_sampled(told),
        facts=content.facts_of(told),
        command=shlex.join(["python", "run_experiment.py", *told.record.command]),
        configuration=_lines(told.record.configuration),
        figures=[_embedded(path) for path in figures if path.suffix == ".png" and path.is_file()],
    )


def _plots(
    summary: Mapping[str, Any],
    colours: Mapping[str, str],
    front: Chart | None,
    requests: Chart | None,
) -> dict[str, Any]:
    """The interactive drawings by the place where each stands."""
    named = {f"p-{name}": colour for name, colour in colours.items()}
    energies = plots.bars(summary, named)
    found = {"plot-energies": energies} if energies else {}
    if requests is not None:
        found["plot-requests"] = plots.scatter(requests, named, with_diagonal=True)
    if front is not None:
        found["plot-front"] = plots.scatter(front, {}, with_diagonal=False)
    return found


def _figure(value: float | None, digits: int = 1) -> str:
    """A number for people; a dash where it is not known."""
    return "-" if value is None else f"{value:,.{digits}f}"


def _embedded(path: Path) -> dict[str, str]:
    return {
        "name": path.stem,
        "words": _WORDS_OF_FIGURES.get(path.stem, path.stem.replace("_", " ")),
        "uri": f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}",
    }


def _lines(configuration: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """The options by their path, as they are said on the command line."""
    found: list[tuple[str, str]] = []
    for name, value in configuration.items():
        if isinstance(value, Mapping) and value:
            found += _lines(value, f"{before}{name}.")
        else:
            found.append((f"{before}{name}", "null" if value is None else str(value)))
    return found

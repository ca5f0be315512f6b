"""Every figure of a run, as PNG. Matplotlib is imported when the first one is drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Measurement, Summary
from dynasplit.core.provenance import Source, least_real
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures.series import Origin, PolicySeries
from dynasplit.front.pareto_front import ParetoFront

if TYPE_CHECKING:
    from dynasplit.figures.audit import Found
    from dynasplit.figures.network import Place

__all__ = [
    "PolicySeries",
    "draw_accountings_figure",
    "draw_all",
    "draw_audit_figure",
    "draw_benchmark_figure",
    "draw_conditions_figure",
    "draw_front_figure",
    "draw_knobs_figure",
    "draw_made_up_figure",
    "draw_network_figure",
    "draw_offline",
    "draw_online",
    "draw_policy_figures",
    "draw_sweep_figure",
    "try_to_write_figure",
]


def draw_all(
    folder: Path,
    measured: Sequence[Summary],
    front: ParetoFront,
    served: Sequence[ServedRequest],
    remarks: str = "",
    runs: Sequence[Measurement] = (),
) -> list[Path]:
    """All the figures of a run with both phases.

    Args:
        folder: where they are written.
        measured: every measured configuration, on the front or not; may be empty.
        front: what the policies chose from.
        served: the requests that they served; may be empty.
        remarks: what else to know of the numbers.
        runs: every measurement, in the order of the run, of which the conditions are drawn.

    Returns:
        The files.

    Raises:
        ResultsError: a file cannot be written.
    """
    drawn = draw_offline(folder, measured, front, remarks)
    return [*drawn, *draw_online(folder, front, served, remarks, runs)]


def draw_offline(
    folder: Path, measured: Sequence[Summary], front: ParetoFront, remarks: str = ""
) -> list[Path]:
    """The figures of the offline phase: front and knobs; as `draw_all`."""
    paths: list[Path | None] = [draw_front_figure(folder / "front.png", measured, front, remarks)]
    if measured:
        paths.append(draw_knobs_figure(folder / "knobs.png", measured, front, remarks))
    return [path for path in paths if path is not None]


def draw_online(
    folder: Path,
    front: ParetoFront,
    served: Sequence[ServedRequest],
    remarks: str = "",
    runs: Sequence[Measurement] = (),
) -> list[Path]:
    """The figures of the online phase and of the whole run; as `draw_all`."""
    sources = {front.source, *(row.measurement.source for row in served)}
    origin = Origin(front.model, least_real(sources), remarks)
    paths = [draw_conditions_figure(folder / "conditions.png", runs, origin)]
    if served:
        series = PolicySeries.of_served(served, front.last_split_point)
        paths += draw_policy_figures(folder, series, origin)
    return [path for path in paths if path is not None]


def try_to_write_figure(path: Path) -> None:
    """Write one dot by the library that Matplotlib writes PNG with, without importing Matplotlib.

    Raises:
        ResultsError: Matplotlib is not installed. OSError: the file cannot be written.
        ImportError: the library that writes is not installed.
    """
    from PIL import Image

    if find_spec("matplotlib") is None:
        raise ResultsError(
            "figures need matplotlib, which is not installed; allowed: an environment with "
            "all that requirements.txt names"
        )
    Image.new("RGB", (1, 1)).save(path, format="PNG")


def draw_front_figure(
    path: Path, measured: Sequence[Summary], front: ParetoFront, remarks: str = ""
) -> Path:
    """Latency against energy of what was measured and of the front; see `figures.front`."""
    from dynasplit.figures.front import draw

    return draw(path, measured, front, remarks)


def draw_accountings_figure(
    path: Path, told: Mapping[str, Mapping[str, Any]], own: str, origin: Origin
) -> Path | None:
    """Mean energy by policy under each accounting; see `figures.accountings`."""
    from dynasplit.figures.accountings import draw

    return draw(path, told, own, origin)


def draw_knobs_figure(
    path: Path, measured: Sequence[Summary], front: ParetoFront, remarks: str = ""
) -> Path | None:
    """Shares of knob values measured and on the front; see `figures.knobs`."""
    from dynasplit.figures.knobs import draw

    return draw(path, measured, front, remarks)


def draw_conditions_figure(path: Path, runs: Sequence[Measurement], origin: Origin) -> Path | None:
    """The conditions over a run's measurements; see `figures.conditions`."""
    from dynasplit.figures.conditions import draw

    return draw(path, runs, origin)


def draw_policy_figures(folder: Path, series: Sequence[PolicySeries], origin: Origin) -> list[Path]:
    """energy.png, latency.png, violations.png and choices.png; see `figures.policies`.

    A figure for which nothing was measured is left out.
    """
    from dynasplit.figures.policies import draw_choices, draw_energy, draw_latency, draw_violations

    named = {
        "energy.png": draw_energy,
        "latency.png": draw_latency,
        "violations.png": draw_violations,
        "choices.png": draw_choices,
    }
    drawn = [draw(folder / name, series, origin) for name, draw in named.items()]
    return [path for path in drawn if path is not None]


def draw_audit_figure(
    path: Path, rows: int, source: Source, findings: Sequence[Found], remarks: str = ""
) -> Path:
    """Draw doubtful figures against their expected values; see `figures.audit`."""
    from dynasplit.figures.audit import draw

    return draw(path, rows, source, findings, remarks)


def draw_benchmark_figure(
    path: Path,
    algorithms: Mapping[str, Mapping[str, Sequence[Any]]],
    source: Source,
    filled: int = 0,
    remarks: str = "",
) -> Path:
    """Hypervolume of search algorithms against their cost; see `figures.benchmark`."""
    from dynasplit.figures.benchmark import draw

    return draw(path, algorithms, source, filled, remarks)


def draw_made_up_figure(
    path: Path,
    curves: Mapping[str, Mapping[str, Sequence[float | None]]],
    families: Mapping[str, Mapping[str, float | None]],
    about: str,
) -> Path:
    """Search algorithms on made-up testbeds; see `figures.made_up`."""
    from dynasplit.figures.made_up import draw

    return draw(path, curves, families, about)


def draw_network_figure(
    path: Path, model: str, places: Sequence[Place], chosen: Collection[int]
) -> Path:
    """Tensor size and work along a network's split points; see `figures.network`."""
    from dynasplit.figures.network import draw

    return draw(path, model, places, chosen)


def draw_sweep_figure(
    path: Path, groups: Sequence[Mapping[str, Any]], origin: Origin, title: str
) -> Path | None:
    """A sweep's figures by its options, with intervals over seeds; see `figures.sweep`."""
    from dynasplit.figures.sweep import draw

    return draw(path, groups, origin, title)

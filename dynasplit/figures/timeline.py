"""One request's time line over edge, link and cloud, and both hosts' power under it."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes

from dynasplit.figures import style
from dynasplit.figures.one_request import Power, Served
from dynasplit.figures.series import Origin

_LANES: tuple[tuple[str, str, str], ...] = (
    ("edge", "#009E73", ""),
    ("link", "#E69F00", "////"),
    ("cloud", "#0072B2", "...."),
)
_FAR = 2.5
"""A threshold so many times later than the result is told in words: it would squeeze the rest."""


def draw(path: Path, served: Served, origin: Origin) -> Path | None:
    """Draw it; None: the stages are not known."""
    stages_ms = served.stages_ms
    if stages_ms is None:
        return None
    count = 1 + len(served.power)
    with style.figure(path, style.PAGE_IN, 1.9 + 1.15 * len(served.power)) as figure:
        ratios = [1.15, *[1.0] * len(served.power)]
        every = figure.subplots(count, 1, squeeze=False, height_ratios=ratios)[:, 0]
        _lanes(every[0], stages_ms, served)
        for axes, (role, power) in zip(every[1:], served.power.items(), strict=True):
            _power(axes, role, power, served)
        for axes in every[1:-1]:
            axes.sharex(every[-1])
            axes.tick_params(labelbottom=False)
        if served.power:
            every[-1].set_xlabel("time in the metered window of its configuration (s)", fontsize=8)
        figure.align_ylabels(every[1:])
        one = served.request
        title = f"{origin.network}: request {one.request} by {one.policy}"
        words = "\n".join(filter(None, (_told(served), origin.remarks)))
        style.head(figure, title, origin.source, words)
    return path


def _lanes(axes: Axes, stages_ms: tuple[float, float, float], served: Served) -> None:
    start = 0.0
    total = sum(stages_ms) or 1.0
    for place, ((_, colour, hatch), length) in enumerate(zip(_LANES, stages_ms, strict=True)):
        if length > 0:
            axes.barh(
                place, length, 0.6, start, color=colour, hatch=hatch, edgecolor="white", linewidth=0
            )
        is_late = start + length > 0.8 * total
        words = f"{style.plain(length)} ms" if length > 0 else "not used"
        axes.annotate(
            words,
            (start if is_late else start + length, place),
            xytext=(-4 if is_late and start > 0 else 4, 0),
            textcoords="offset points",
            ha="right" if is_late and start > 0.12 * total else "left",
            va="center",
            fontsize=8,
            color="white" if is_late and start <= 0.12 * total else style.INK,
        )
        start += length
    threshold_ms = served.request.threshold_ms
    if threshold_ms <= _FAR * total:
        axes.axvline(threshold_ms, color=style.ACCENT, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.annotate(
            "threshold",
            (threshold_ms, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3, -2),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8,
            color=style.ACCENT,
        )
    axes.set_xlim(0, max(1.03 * total, 1.03 * threshold_ms if threshold_ms <= _FAR * total else 0))
    axes.set_yticks(range(3), [name for name, *_ in _LANES])
    axes.set_ylim(2.5, -0.5)
    axes.set_xlabel("time since the head began (ms)", fontsize=8)
    axes.grid(visible=False, axis="y")


def _power(axes: Axes, role: str, power: Power, served: Served) -> None:
    colour = {name: colour for name, colour, _ in _LANES}[role]
    axes.plot(power.times_s, power.watts, ".-", color=colour, linewidth=0.9, markersize=3)
    window_s = served.run.window_s if served.run is not None else None
    if window_s is not None:
        axes.axvspan(0, window_s, color=style.FAINT, alpha=0.25, linewidth=0)
    axes.set_ylim(0, 1.15 * float(power.watts.max()))
    axes.set_ylabel(f"{role}, {power.channel}\n(W)", fontsize=8)


def _told(served: Served) -> str:
    one = served.request
    m = one.measurement
    words = [m.configuration.words(), f"{style.plain(m.latency_ms)} ms"]
    words.append(f"threshold {style.plain(one.threshold_ms)} ms")
    if m.switch_ms:
        words.append(f"{style.plain(m.switch_ms)} ms to set knobs before it")
    told = [", ".join(words)]
    if not served.is_own:
        told.append("stages are those of a run of its configuration; its own are not known")
    run = served.run
    if served.power and run is not None and run.inferences:
        told.append(
            f"power: the window of {run.inferences} inferences (grey) that tells its energy; one "
            "is too short for a meter"
        )
    elif served.power:
        told.append("power: the request's own window")
    return "\n".join(told)

"""VGG16 on both clouds under every accounting: the table and the figure of docs/energy.md.

python -m tests.energy_page
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from dynasplit.accounting import Accounting, build
from dynasplit.core.space import Knob, SearchSpace
from dynasplit.figures import style
from dynasplit.figures.front import draw_in
from dynasplit.figures.heights import View
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies, workloads
from dynasplit.online.policy_figures import policy_blocks
from dynasplit.online.workloads import Known, Order
from dynasplit.replay.replay import Replay
from dynasplit.tables import RunsTable
from dynasplit.tables.accounted import under
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.recorded import RecordedTestbed
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURE = DOCS / "energy.md", DOCS / "energy_fronts.png"
BEGIN, END = "<!-- made by `python -m tests.energy_page` -->\n", "<!-- end of what is made -->\n"
HEAD = (
    "| cloud | accounting | on the front | cloud-only J | edge-only J | DynaSplit J | saved | "
    "edge-only saves | through the cloud |\n|---|---|---|---|---|---|---|---|---|\n"
)
CLOUDS = {"V100 node": "pi4_coral_v100", "H200 board": "pi4_coral_h200"}
ACCOUNTINGS = (
    build("occupied"),
    build("active"),
    build("wall"),
    build("shared", share="time", tenants=4),
)
REQUESTS, LAST = 10_000, 22
SERVING = ("dynasplit", "cloud_only", "edge_only")


@dataclass(frozen=True)
class Found:
    """A cloud's runs under an accounting, and what policies come to.

    Attributes:
        runs: of the whole space. front: theirs. blocks: of policies, by name.
        cloud_pct: of DynaSplit's requests, those in which the cloud has a part.
    """

    runs: RunsTable
    front: ParetoFront
    blocks: dict
    cloud_pct: float


@cache
def grid(profile_name: str) -> RunsTable:
    """One run of each configuration, without noise."""
    profile = msgspec.structs.replace(load_profile(profile_name), noise=Noise())
    gpus = (False, True) if profile.cloud.tail_cpu_w is not None else (True,)
    knobs = [
        Knob("cpu_mhz", profile.edge.cpu_mhz),
        Knob("edge_accelerator", profile.edge.accelerator_modes, "edge", "off"),
        Knob("cloud_gpu", gpus, *(("cloud", False) if len(gpus) > 1 else ())),
    ]
    testbed = ModelledTestbed(profile, "vgg16")
    space = SearchSpace.build(range(LAST + 1), LAST, knobs)
    runs = [testbed.measure(configuration) for configuration in space.configurations]
    return RunsTable.of(runs, model="vgg16", last_split_point=LAST)


@cache
def found(profile_name: str, rule: Accounting) -> Found:
    """Front and policies of a cloud under an accounting."""
    runs = under(grid(profile_name), rule)
    front = ParetoFront.of_runs(runs)
    built = {name: policies.build(name, front) for name in SERVING}
    known = Known(
        medians_ms=[float(v) for v in runs.quantiles("latency_ms")],
        reference_ms=[m.latency_ms for m in runs.measurements],
    )
    thresholds = workloads.build("weibull", Order(count=REQUESTS, seed=0, known=known))
    replay = Replay.of(built, RecordedTestbed(runs, 0), thresholds)
    served = replay.rows(REQUESTS)["dynasplit"][1]
    through = sum(run.configuration.split_point < LAST for run in served)
    return Found(runs, front, policy_blocks(replay.figures()), 100 * through / REQUESTS)


def row(cloud: str, rule: Accounting) -> str:
    """One line of the table."""
    its = found(CLOUDS[cloud], rule)
    means = [f"{its.blocks[name]['energy_j']['mean']:.3g}" for name in SERVING]
    saved, edge = (its.blocks[n]["energy_saving_vs_cloud_pct"] for n in ("dynasplit", "edge_only"))
    cells = (
        cloud,
        f"`{rule.label}`",
        str(len(its.front.summaries)),
        means[1],
        means[2],
        means[0],
        f"{saved:.1f} %",
        f"{edge:.1f} %",
        f"{its.cloud_pct:.0f} %",
    )
    return f"| {' | '.join(cells)} |\n"


def rows() -> str:
    """All of them."""
    return "".join(row(cloud, rule) for cloud in CLOUDS for rule in ACCOUNTINGS)


def page(text: str) -> str:
    """The page with its table made anew; what is around it stays."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{HEAD}{rows()}\n{END}{after}"


def draw(path: Path) -> None:
    """The fronts, a row for each cloud and a panel for each accounting."""
    with style.figure(path, 11.0, 5.6) as figure:
        every = figure.subplots(len(CLOUDS), len(ACCOUNTINGS), sharex=True, sharey="row")
        for panels, (cloud, name) in zip(every, CLOUDS.items(), strict=True):
            for axes, rule in zip(panels, ACCOUNTINGS, strict=True):
                its = found(name, rule)
                view = View.of(its.front, its.runs.summaries())
                axes.set_xscale("log")
                axes.set_yscale("log")
                draw_in(axes, its.runs.summaries(), view)
                label = rule.label.replace("share=time, ", "")
                at = {"transform": axes.transAxes, "va": "top", "fontsize": 9}
                axes.text(0.03, 0.98, f"{cloud}, {label}", **at)
            panels[0].set_ylabel("energy (J)")
        for axes in every[-1]:
            axes.set_xlabel("latency (ms)")
        style.head(
            figure,
            "VGG16: fronts on both clouds under every accounting",
            "modelled",
            "outlined: on the front; squares: cloud-only, circles: split, triangles: edge-only",
        )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    draw(FIGURE)

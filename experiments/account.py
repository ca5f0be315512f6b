"""Recomputes front, choices and savings of finished runs under every accounting of energy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dynasplit.accounting import Accounting
from dynasplit.app.cli.accounting_table import accounting_table, lacking_lines, winner_lines
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.phases import built_policies, thresholds_of, way_of, workload_block
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.resolve import online_inputs, record_inputs
from dynasplit.app.setup.runs_plans import check_runs, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import DataError
from dynasplit.core.provenance import PROVENANCE
from dynasplit.figures import draw_accountings_figure, draw_front_figure
from dynasplit.figures.series import Origin
from dynasplit.front.known_to import with_intervals
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.headlines import name_of, told_accountings
from dynasplit.online.policy_figures import BASELINE, PolicyFigures, policy_blocks
from dynasplit.online.workload import Thresholds
from dynasplit.online.workloads import Known
from dynasplit.replay.replay import Replay
from dynasplit.tables import RunsTable
from dynasplit.tables.accounted import under
from dynasplit.testbed.recorded import RecordedTestbed
from dynasplit.uncertainty.means import MeanParts, mean_parts, told_95

TITLE = "Mean energy of a request, saved against cloud_only; choices by each accounting"


def check(config: Config) -> None:
    """Refuse a table or a workload that cannot be read, and one without energies."""
    _runs(config)
    online_inputs(config)


def run(config: Config) -> None:
    """Write `account.json`, a front with its figure for each accounting, and one of them all.

    Raises:
        DynaSplitError: the table cannot be used, or results cannot be written.
    """
    runs = _runs(config)
    thresholds = _thresholds(config, runs)
    record = record_inputs(config)
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, runs.source) as recorder,
    ):
        told: dict[str, dict[str, Any]] = {}
        for name, rule in told_accountings(config.energy.rule).items():
            with terminal.during(f"energy={rule.label}"):
                told[name] = _under(config, runs, rule, thresholds, folder.path)
        remarks = "\n".join(runs.told)
        origin = Origin(runs.model, runs.source, remarks)
        draw_accountings_figure(folder.path / "accountings.png", told, "", origin)
        content = {
            "runs": str(config.runs),
            "model": runs.model,
            "source": runs.source,
            "measured_by": runs.accounting,
            "workload": workload_block(
                config.workload.settled_kind, thresholds, way_of(config.workload.serve, runs.mode)
            ),
            "by_accounting": told,
        }
        write_json(folder.path / "account.json", content)
        recorder.summary({"accounting": "", "by_accounting": told})
        recorder.describe(f"{TITLE}. {PROVENANCE[runs.source]}.\n\n![accountings](accountings.png)")
        terminal.say(f"Thresholds: {thresholds.words}")
        terminal.console.print(accounting_table(told, "", f"{TITLE}\n{PROVENANCE[runs.source]}"))
        for line in (*winner_lines(told), *lacking_lines(told), *runs.told):
            terminal.say(line)
        terminal.say(f"Results: {folder.path}")


def _under(
    config: Config, runs: RunsTable, rule: Accounting, thresholds: Thresholds, folder: Path
) -> dict[str, Any]:
    """An accounting's front and figures, or what the runs lack for it."""
    told: dict[str, Any] = {"label": rule.label, "meaning": rule.meaning}
    try:
        mine = under(runs, rule, config.energy.stated_idle_w)
    except DataError as error:
        return told | {"lacks": str(error)}
    front = with_intervals(ParetoFront.of_runs(mine), mine.measurements)
    name = name_of(rule)
    front.save(folder / f"front_{name}.json")
    remarks = "\n".join([f"energy={rule.label}", *runs.told])
    draw_front_figure(folder / f"front_{name}.png", mine.summaries(), front, remarks)
    built, left_out = built_policies(online_inputs(config).policies, front)
    singles = way_of(config.workload.serve, runs.mode) == "request"
    testbed = RecordedTestbed(mine, config.hosts_seed)
    replay = Replay.of(built, testbed, thresholds, singles=singles)
    figures = replay.figures(config.replay.chunk)
    blocks, parts = policy_blocks(figures), _by_meters(replay, figures, rule)
    for name, block in blocks.items():
        block["energy_j_mean"] = block["energy_j"]["mean"]
        block["meters_95"] = told_95(parts[name], parts.get(BASELINE))
    return told | {"policies": blocks, "left_out": left_out, "front_size": len(front.summaries)}


def _by_meters(
    replay: Replay, figures: Mapping[str, PolicyFigures], rule: Accounting
) -> dict[str, MeanParts | None]:
    """What meters leave open of each policy's mean energy, by the runs that its requests drew."""
    return {
        name: mean_parts(replay.pools[name].runs, rule, found.energy_j.counts)
        if found.energy_j is not None
        else None
        for name, found in figures.items()
    }


def _runs(config: Config) -> RunsTable:
    """The table.

    Raises:
        DataError: it has no energies.
    """
    runs = check_runs(config.name, config.runs)
    if not runs.has("energy_j"):
        raise DataError(f"{config.runs}: no energy was measured (energy_j); nothing to account for")
    return runs


def _thresholds(config: Config, runs: RunsTable) -> Thresholds:
    known = Known(
        medians_ms=[float(v) for v in runs.quantiles("latency_ms")],
        reference_ms=[m.latency_ms for m in runs.measurements],
    )
    return thresholds_of(online_inputs(config), known, config.seed, runs.model or "network")

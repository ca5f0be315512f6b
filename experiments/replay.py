"""Serves requests on recorded runs, vectorised: as many as one likes, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dynasplit.accounting._view import viewed
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.doubtful import doubtful_block, doubtful_lines
from dynasplit.app.report.outputs import hypervolume, source_block, write_json
from dynasplit.app.report.quality import quality_block, quality_lines
from dynasplit.app.report.tracking import description
from dynasplit.app.setup.phases import built_policies, thresholds_of, way_of, workload_block
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.resolve import online_inputs, policy_options, record_inputs
from dynasplit.app.setup.runs_plans import check_runs, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import DataError
from dynasplit.core.provenance import PROVENANCE, WHOLE_RUN_WORDS, is_imagined
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures import draw_all
from dynasplit.front.confirmed import unconfirmed_in
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policy_figures import medians_of, policy_blocks
from dynasplit.online.workload import Thresholds
from dynasplit.online.workloads import Known
from dynasplit.profile.fit import fit_profile
from dynasplit.replay.halves import divide
from dynasplit.replay.replay import Replay
from dynasplit.run.run_record import FRONT, REQUESTS
from dynasplit.tables import RunsTable, write_requests
from dynasplit.tables.accounted import under
from dynasplit.testbed.recorded import RecordedTestbed


def check(config: Config) -> None:
    """Refuse a table, front or workload that cannot be read."""
    _front(config, _runs(config))
    online_inputs(config)


def run(config: Config) -> None:
    """Serve; write `summary.json`, the first requests, the front and the figures.

    Raises:
        DynaSplitError: a file cannot be used, or results cannot be written.
    """
    runs = _runs(config)
    front = _front(config, runs)
    thresholds = _thresholds(config, runs)
    record = record_inputs(config)
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, runs.source) as recorder,
    ):
        told = f"Serving {thresholds.count:,} requests by {len(config.policies)} policies"
        with terminal.during(told):
            replay, left_out = _replay(config, front, runs, thresholds)
            blocks = policy_blocks(replay.figures(config.replay.chunk, config.replay.threads))
        unseen = None
        if config.replay.divisions and config.front is None:
            with terminal.during("The same, chosen by one half of the runs, judged by the other"):
                unseen = _out_of_sample(config, runs, thresholds)
        served = list(_served(replay, runs, min(config.replay.keep_requests, thresholds.count)))
        front.save(folder.path / FRONT)
        write_requests(
            folder.path / REQUESTS,
            served,
            model=runs.model or "network",
            last_split_point=runs.last_split_point,
        )
        draw_all(
            folder.path,
            runs.summaries(),
            front,
            served,
            remarks="\n".join(runs.told),
        )
        summary = _summary(config, runs, front, thresholds, blocks)
        write_json(folder.path / "summary.json", summary | {"out_of_sample": unseen})
        recorder.summary(summary | ({"out_of_sample": unseen} if unseen else {}))
        told = description(summary | {"accounting": config.energy.rule.label})
        recorder.describe(f"{told}\n\n![the front](front.png)")
        terminal.left_out(left_out)
        terminal.say(f"Thresholds: {thresholds.words}")
        title = "Policies"
        if unseen is not None:
            title += ", in-sample: the runs that they chose by"
        terminal.policies(blocks, title, source=_told_source(runs), below=_told(config, runs))
        if unseen is not None:
            _tell(unseen, terminal, _told_source(runs))
        for line in (*doubtful_lines(summary["doubtful"]), *quality_lines(summary.get("quality"))):
            terminal.say(line)
        terminal.say(f"Results: {folder.path}")


def _out_of_sample(config: Config, runs: RunsTable, thresholds: Thresholds) -> dict[str, Any]:
    """The policies' out-of-sample figures: medians over divisions of the runs."""
    try:
        fit, rule = fit_profile(runs), config.energy.rule
        predict, why = (lambda c: viewed(fit.draws(c), rule)), None
    except DataError as error:
        predict, why = None, str(error)
    times = config.replay.divisions
    every = [divide(runs, config.seed * times + i, predict) for i in range(times)]
    found: dict[str, Any] = {
        "divisions": times,
        "repeated_configurations": every[0].repeated,
        "predicted_configurations": every[0].predicted,
        "left_out_configurations": every[0].left_out,
        "not_predicted_because": why,
        "policies": {},
    }
    blocks = []
    for halves in every:
        if halves.choosing is not None:
            front = ParetoFront.of_runs(halves.choosing)
            replay, _ = _replay(config, front, halves.judging, thresholds)
            blocks.append(policy_blocks(replay.figures(config.replay.chunk, config.replay.threads)))
    for name in dict.fromkeys(name for block in blocks for name in block):
        mine = [block[name] for block in blocks if name in block]
        met = [block["met_pct"] for block in mine]
        found["policies"][name] = medians_of(mine) | {"met_pct_range": [min(met), max(met)]}
    return found


def _told_source(runs: RunsTable) -> str:
    """Where a replay's figures come from, and whether its runs were measured."""
    of = "" if runs.source in ("measured", "recorded") else f"; they are {runs.source.upper()}"
    return PROVENANCE["recorded"] + of


def _tell(unseen: dict[str, Any], terminal: Terminal, source: str) -> None:
    """The out-of-sample table, and what was chosen by."""
    if unseen["policies"]:
        terminal.policies(
            unseen["policies"],
            f"Policies, out-of-sample: medians over {unseen['divisions']} divisions of the runs",
            source=source,
        )
    terminal.say(
        f"Out-of-sample: {unseen['repeated_configurations']} configurations have repeats, one half "
        f"of which chose; {unseen['predicted_configurations']} with one run were predicted by a "
        f"fitted profile, {unseen['left_out_configurations']} left out."
    )
    if unseen["left_out_configurations"]:
        terminal.say(f"  No profile could be fitted: {unseen['not_predicted_because']}")


def _summary(
    config: Config,
    runs: RunsTable,
    front: ParetoFront,
    thresholds: Thresholds,
    blocks: dict[str, Any],
) -> dict[str, Any]:
    return {
        "experiment": config.name,
        "model": runs.model,
        "hosts": "recorded",
        "emulated": is_imagined(runs.source),
        **source_block(runs.source, _told(config, runs)),
        "seed": config.seed,
        "search": {
            "algorithm": None,
            "space_size": len(runs.space),
            "configurations_measured": len(runs.configurations),
            "front_size": len(front.summaries),
            "hypervolume": hypervolume(front, {s.configuration: s for s in runs.summaries()}),
            "testbed_time_s": None,
        },
        **doubtful_block(
            runs.flags,
            [] if config.front else [runs.configurations[i] for i in unconfirmed_in(runs)],
        ),
        **quality_block(front, policy_options(config, "dynasplit")),
        "workload": workload_block(
            config.workload.settled_kind, thresholds, way_of(config.workload.serve, runs.mode)
        ),
        "policies": blocks,
    }


def _told(config: Config, runs: RunsTable) -> tuple[str, ...]:
    """What is to be said of the figures, a line each."""
    by_one = way_of(config.workload.serve, runs.mode) == "request"
    whole = by_one and not (runs.inferences and all(runs.inferences))
    return (*runs.told, *([WHOLE_RUN_WORDS] if whole else []))


def _runs(config: Config) -> RunsTable:
    """The table, by the accounting that is asked for."""
    asked = config.energy
    return under(check_runs(config.name, config.runs), asked.rule, asked.stated_idle_w)


def _front(config: Config, runs: RunsTable) -> ParetoFront:
    if config.front is None:
        return ParetoFront.of_runs(runs)
    return ParetoFront.load(
        config.front,
        model=runs.model,
        last_split_point=runs.last_split_point,
        accounting=runs.accounting,
    )


def _replay(
    config: Config, front: ParetoFront, runs: RunsTable, thresholds: Thresholds
) -> tuple[Replay, dict[str, str]]:
    """The replay of the policies that the front allows, and why others were left out."""
    built, left_out = built_policies(online_inputs(config).policies, front)
    singles = way_of(config.workload.serve, runs.mode) == "request"
    testbed = RecordedTestbed(runs, config.hosts_seed)
    return Replay.of(built, testbed, thresholds, singles=singles), left_out


def _thresholds(config: Config, runs: RunsTable) -> Thresholds:
    known = Known(
        medians_ms=[float(v) for v in runs.quantiles("latency_ms")],
        reference_ms=[m.latency_ms for m in runs.measurements],
    )
    return thresholds_of(online_inputs(config), known, config.seed, runs.model or "network")


def _served(replay: Replay, runs: RunsTable, count: int) -> Iterator[ServedRequest]:
    """The first requests as rows, request by request."""
    drawn = replay.rows(count)
    for i in range(count):
        for name, (thresholds_ms, measurements) in drawn.items():
            yield ServedRequest(
                request=i,
                network=runs.model or "network",
                policy=name,
                threshold_ms=float(thresholds_ms[i]),
                measurement=measurements[i],
                infeasible=bool(thresholds_ms[i] < replay.policies[name].feasible_above_ms),
            )

"""Fits a physical model to a table of runs, for hosts=modelled and for emulated boards.

A network without runs of its own is predicted from its multiply-accumulates.
"""

from __future__ import annotations

from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.describe_splits import profile_of
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import check_runs, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.profile.fit import Fit, fit_profile, fit_profile_with_law, predict_profile
from dynasplit.profile.law import Cut, read_cuts
from dynasplit.tables import RunsTable
from hosts.emulation.profile import save_profile


def check(config: Config) -> None:
    """Refuse a table, a profile or multiply-accumulates that cannot be read."""
    _sources(config)


def run(config: Config) -> None:
    """Fit; write `profile.yaml` and `fit.json`.

    Raises:
        DynaSplitError: the table cannot be read or lacks a column, or results cannot be written.
    """
    runs, cuts = _sources(config)
    fit = _fit(config, runs, cuts)
    record = record_inputs(config)
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, "modelled") as recorder,
    ):
        save_profile(fit.profile, folder.path / "profile.yaml")
        told = {"runs": config.runs, "network": fit.network, "filled": list(fit.filled)}
        write_json(folder.path / "fit.json", told | fit.errors)
        recorder.summary({"fit": dict(fit.errors)})
        recorder.describe(f"A physical model of {fit.network}, fitted to {config.runs or 'a law'}.")
        for name, percent in fit.errors.items():
            what = name.removesuffix("_medape_pct")
            error = "not measured" if percent is None else f"{percent:.2f} %"
            terminal.say(f"  {what:<12} median absolute error {error}")
        for what in fit.filled:
            terminal.say(f"  no runs of {what}: taken from its neighbours")
        terminal.say(f"Results: {folder.path}")
        path = Path(folder.path) / "profile.yaml"
        terminal.say(f"Use it with: hosts=modelled hosts.profile={path} model.name={fit.network}")


def _sources(config: Config) -> tuple[RunsTable | None, list[Cut] | None]:
    """The runs and the split points, as far as they are named."""
    asked = config.fit
    if asked.profile is not None:
        profile_of(asked.profile, "fit.profile")
        if asked.macs is None:
            raise ConfigurationError(
                f"fit.profile={asked.profile} predicts a network from its multiply-accumulates: "
                "it needs fit.macs=FILE with the columns split_point, head_mmac, tail_mmac, "
                "tensor_kb"
            )
    cuts = None if asked.macs is None else read_cuts(asked.macs)
    predicts = asked.profile is not None and config.runs is None
    return None if predicts else check_runs(config.name, config.runs), cuts


def _fit(config: Config, runs: RunsTable | None, cuts: list[Cut] | None) -> Fit:
    asked = config.fit
    if asked.profile is not None and cuts is not None:
        named = runs.model if runs is not None else None
        network = asked.network or named or config.model.label
        return predict_profile(profile_of(asked.profile, "fit.profile"), network, cuts, runs)
    assert runs is not None
    if cuts is None:
        return fit_profile(runs, asked.network)
    return fit_profile_with_law(runs, cuts, asked.network)

"""Fits a physical model to a table of runs, for hosts=modelled and for emulated boards."""

from __future__ import annotations

from dynasplit.config import Config
from dynasplit.profile import fit_profile
from experiments.analysis import check_runs, results_folder
from experiments.outputs import write_json
from experiments.terminal import Terminal
from hosts.emulation.profile import save_profile


def check(config: Config) -> None:
    """Refuse a table that cannot be read."""
    check_runs(config)


def run(config: Config) -> None:
    """Fit; write `profile.yaml` and `fit.json`.

    Raises:
        DynaSplitError: the table cannot be read or lacks a column, or results cannot be written.
    """
    runs = check_runs(config)
    fit = fit_profile(runs)
    with Terminal() as terminal, results_folder(config) as folder:
        save_profile(fit.profile, folder.path / "profile.yaml")
        told = {"runs": str(config.runs), "network": fit.network, "filled": list(fit.filled)}
        write_json(folder.path / "fit.json", told | fit.errors)
        for name, percent in fit.errors.items():
            what = name.removesuffix("_medape_pct")
            error = "not measured" if percent is None else f"{percent:.2f} %"
            terminal.say(f"  {what:<12} median absolute error {error}")
        for what in fit.filled:
            terminal.say(f"  no runs of {what}: taken from its neighbours")
        terminal.say(f"Results: {folder.path}")
        terminal.say(f"Use it with: hosts=modelled hosts.profile={folder.path / 'profile.yaml'}")

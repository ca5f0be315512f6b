"""Verifies a finished run: complete, consistent, untouched; no host is asked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import folder_of_a_run, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import ResultsError
from dynasplit.verification import MEANINGS, verified


def check(config: Config) -> None:
    """Refuse what is no run's folder."""
    folder_of_a_run(config.name, config.runs)


def run(config: Config) -> None:
    """Verify the run, say what is not as it should be, and leave it in `verify.json`.

    Raises:
        ResultsError: something is not as it should be.
    """
    place = folder_of_a_run(config.name, config.runs)
    with Terminal() as terminal, results_folder(record_inputs(config)) as folder:
        with terminal.during(f"Verifying {place}"):
            findings = verified(place)
        told = {"folder": str(place), "checks": MEANINGS}
        write_json(folder.path / "verify.json", told | {"findings": [asdict(f) for f in findings]})
        for name, meaning in MEANINGS.items():
            mine = [f for f in findings if f.check == name]
            verdict = "no" if any(f.is_serious for f in mine) else "not known" if mine else "yes"
            terminal.say(f"{name:<11} {verdict:<10} {meaning}")
            for one in mine:
                terminal.say(f"    {one.file}: {one.words}")
        terminal.say(f"Results: {folder.path}")
    serious = [f for f in findings if f.is_serious]
    if serious:
        raise ResultsError(
            f"{Path(place)} is not as its run left it, in {len(serious)} ways; the first: "
            f"{serious[0].file}: {serious[0].words}"
        )

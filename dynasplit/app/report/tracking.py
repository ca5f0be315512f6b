"""Where a run is recorded besides its folder, and how to look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.run_inputs import Ground
from dynasplit.config.load import determining
from dynasplit.config.schema import Config
from dynasplit.core.served_request import Served
from dynasplit.recorder import Recorder, RunFacts, open_recorder
from dynasplit.run.journal import Journal
from dynasplit.run.run_folder import RunFolder


def open_tracking(
    config: Config,
    ground: Ground,
    folder: RunFolder,
    journal: Journal,
    hosts: Mapping[str, Mapping[str, Any]],
) -> Recorder:
    """The recorder of a run; enter it to begin.

    Args:
        config: what is asked for.
        ground: what the run stands on.
        folder: the run's.
        journal: whose measurements are recorded.
        hosts: what each host says of itself.
    """
    emulated = any(facts.get("emulated") for facts in hosts.values())
    told = {f"host.{role}.{k}": str(v) for role, facts in hosts.items() for k, v in facts.items()}
    facts = RunFacts(
        experiment=config.name,
        name=folder.path.name,
        identity=folder.record.identity,
        config=determining(config),
        folder=folder.path,
        git_revision=folder.record.git_revision,
        tags={
            "emulated": str(emulated or ground.is_imagined),
            "predicted": str(ground.is_predicted),
            "hosts": config.hosts.kind,
            "model": ground.network,
            **told,
        },
    )
    return open_recorder(
        config.tracking.kind, uri=tracking_uri(config), facts=facts, journal=journal
    )


def record(
    recorder: Recorder, summary: Mapping[str, Any], served: Sequence[Served], files: Sequence[Path]
) -> None:
    """Record what a run came to."""
    recorder.summary(summary)
    for name, block in summary["policies"].items():
        recorder.policy(name, block, [row for row in served if row.policy == name])
    recorder.artifacts(*files)


def tracking_uri(config: Config) -> str:
    """Of the tracking store: as asked for, else a database in the results folder."""
    return config.tracking.uri or f"sqlite:///{config.results_dir}/mlflow.db"


def tell_where(config: Config, terminal: Terminal) -> None:
    """Say how to look at what was recorded."""
    if config.tracking.kind == "mlflow":
        terminal.say(f"In MLflow: mlflow ui --backend-store-uri {tracking_uri(config)}")

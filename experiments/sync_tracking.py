"""Sends MLflow what runs have kept for it while it was away, once and only once."""

from __future__ import annotations

from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.where_recorded import pages_words
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError, DynaSplitError, ResultsError
from dynasplit.core.passwords import masked_uri
from dynasplit.recorder import OUTBOX, outboxes_below, sync


def check(config: Config) -> None:
    """Refuse a store that sends nothing anywhere."""
    if config.tracking.kind == "none":
        raise ConfigurationError(
            "+experiment=sync_tracking tracking=none: nothing can be sent; allowed: "
            "tracking=mlflow or tracking=server"
        )


def run(config: Config) -> None:
    """Send what waits, run by run, and say what became of it.

    Raises:
        ResultsError: some of it still waits, and why.
    """
    asked = config.tracking.asked_uri
    folders = _folders(config)
    troubles: list[str] = []
    with Terminal() as terminal:
        for folder in folders:
            try:
                with terminal.during(f"Sending the records of {folder}"):
                    found = sync(folder, asked)
            except DynaSplitError as error:
                troubles.append(str(error))
                continue
            store = masked_uri(found.uri)
            if found.trouble:
                troubles.append(f"{folder}: {found.left} records wait for {store}: {found.trouble}")
            elif found.sent:
                terminal.say(f"{folder}: {found.sent} records sent")
                terminal.say(pages_words(found.uri, found.place))
        if not folders:
            place = config.runs or f"results_dir={config.results_dir}"
            terminal.say(f"Nothing waits for MLflow in {place}")
        for words in troubles[1:]:
            terminal.say(words)
    if troubles:
        count = f"{len(troubles)} of {len(folders)} runs" if len(folders) > 1 else "the run"
        raise ResultsError(
            f"not all is sent, of {count}; the same command sends the rest. {troubles[0]}"
        )


def _folders(config: Config) -> list[Path]:
    """The runs' folders in which records wait."""
    if config.runs is None:
        return outboxes_below(Path(config.results_dir))
    named = Path(config.runs)
    folder = named.parents[1] if named.parent.name == OUTBOX else named.parent
    return [folder] if (folder / OUTBOX).is_dir() else []

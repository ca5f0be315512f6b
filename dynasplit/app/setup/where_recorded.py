"""Says how to look at what was recorded."""

from __future__ import annotations

import shlex

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.core.passwords import masked_uri
from dynasplit.recorder import SQLITE, Recorder, artifacts_folder, file_of

LOCAL_PAGES = "http://127.0.0.1:5000"


def tell_where(kept: RecordInputs, recorder: Recorder, terminal: Terminal) -> None:
    """Say how to look at what was recorded, and where the run itself is."""
    if kept.tracking == "none":
        return
    if recorder.lost is not None:
        terminal.say(f"Not in MLflow: {recorder.lost}")
    elif recorder.trouble is not None:
        terminal.say(
            f"Not in MLflow yet ({recorder.trouble}). When it answers again: "
            "python run_experiment.py +experiment=sync_tracking "
            f"results_dir={shlex.quote(str(kept.results_dir))}"
        )
    else:
        terminal.say(pages_words(kept.tracking_uri, recorder.place))


def pages_words(uri: str, place: str) -> str:
    """How to look at a run in MLflow.

    Args:
        uri: of the store.
        place: of the run, below the address of MLflow's pages.
    """
    if uri.startswith(("http://", "https://")):
        return f"In MLflow: {masked_uri(uri).rstrip('/')}/{place}"
    words = ["mlflow", "ui", "--backend-store-uri", masked_uri(uri)]
    if uri.startswith(SQLITE):
        words += ["--artifacts-destination", str(artifacts_folder(file_of(uri)))]
    return f"In MLflow: {shlex.join(words)}, and then {LOCAL_PAGES}/{place}"

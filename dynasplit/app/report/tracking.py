"""Hands a finished run's results to its recorder, and says how to look at them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.core.passwords import masked_uri
from dynasplit.core.served_request import ServedRequest
from dynasplit.recorder import Recorder


def record(
    recorder: Recorder,
    summary: Mapping[str, Any],
    served: Sequence[ServedRequest],
    files: Sequence[Path],
) -> None:
    """Record a run's results."""
    recorder.summary(summary)
    for name, block in summary["policies"].items():
        recorder.policy(name, block, [row for row in served if row.policy == name])
    recorder.artifacts(*files)


def tell_where(kept: RecordInputs, terminal: Terminal) -> None:
    """Say how to look at what was recorded."""
    if kept.tracking == "mlflow":
        uri = shlex.quote(masked_uri(kept.tracking_uri))
        terminal.say(f"In MLflow: mlflow ui --backend-store-uri {uri}")

"""What the runs of a sweep have in common in MLflow: a store that is ready, and one tag."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from dynasplit.recorder.mlflow_store import absolute_uri, connected

TAG = "sweep"


def make_ready(uri: str) -> None:
    """Make the store, before several processes would at the same moment.

    What cannot be made is told by the first run that needs it.
    """
    with contextlib.suppress(Exception):
        connected(absolute_uri(uri))


def tag_runs(uri: str, run_ids: Collection[str], sweep: str) -> bool:
    """Give runs the tag of a sweep; False if the store does not take it for all of them."""
    try:
        client = connected(absolute_uri(uri))
        for run_id in run_ids:
            if client.get_run(run_id).data.tags.get(TAG) != sweep:
                client.set_tag(run_id, TAG, sweep)
    except Exception:  # whatever a tracking store, local or remote, may raise
        return False
    return True

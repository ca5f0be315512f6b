"""The folder of a host's recorded state, kept while knobs are changed."""

from __future__ import annotations

import os
from pathlib import Path

STATE_VARIABLE = "DYNASPLIT_STATE"


def state_folder() -> Path:
    """The folder in which a host records its state before the first change."""
    from platformdirs import user_state_path

    return Path(os.environ.get(STATE_VARIABLE) or user_state_path("dynasplit"))

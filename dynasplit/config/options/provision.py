"""The options of `provision`: makes hosts ready, or takes it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ProvisionConf:
    """How hosts are made ready.

    Attributes:
        undo: take back what was made.
    """

    undo: bool = False

"""What was given up: a configuration that could not be measured, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dynasplit.core.space import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A configuration that a phase went on without.

    Attributes:
        phase: search or repeats.
        configuration: could not be measured, while another one was measured after it.
        reason: the last error.
    """

    phase: Literal["search", "repeats"]
    configuration: Configuration
    reason: str

"""The options of `energy`: what counts."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    one_of,
    option,
)


@dataclass
class EnergyConf:
    """Energy accounting. cloud: tail (only while tails run) or gross (all that it draws)."""

    cloud: str = option("tail", one_of("tail", "gross"))

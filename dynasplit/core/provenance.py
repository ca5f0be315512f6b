"""Where figures come from, in the words that every table and figure says."""

from __future__ import annotations

from collections.abc import Mapping

from dynasplit.core.measurement import Source

PROVENANCE: Mapping[Source, str] = {
    "measured": "Measured on real hosts",
    "emulated": "EMULATED hosts: times and power follow a profile, network outputs are real",
    "modelled": "MODELLED: a profile answered, nothing was run",
    "recorded": "RECORDED runs answered, nothing was run",
}


SMALL_J = 0.1
"""Energies below it are shown in mJ."""


def shown_j(value_j: float | None) -> str:
    """An energy with three digits that say something, in J, or mJ where it is small."""
    if value_j is None:
        return "-"
    small = 0 < abs(value_j) < SMALL_J
    return f"{significant(1000 * value_j if small else value_j)} {'mJ' if small else 'J'}"


def significant(value: float) -> str:
    """A number with three significant digits, without an exponent where there is room."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")

"""What a testbed does between measurements, so that figures of a long run can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.core.space import Configuration

CONTROL_EVERY = 50
"""Measurements from one control to the next, on real hosts."""
COOL_DOWN_C = 10.0
"""Above the temperature at the run's begin, on real hosts."""


@dataclass(frozen=True)
class UpkeepRules:
    """What is done between measurements, and how often.

    Attributes:
        control: the configuration that shows drift. control_every: measurements from one run of it
            to the next; None: it is not measured.
        cool_down_c: hosts cool down to so much above their temperature at the run's begin; None:
            they are not waited for. cool_down_limit_s: longest wait.
        baseline_states: idle power is measured in each state that hosts idle in.
    """

    control: Configuration | None = None
    control_every: int | None = None
    cool_down_c: float | None = None
    cool_down_limit_s: float = 120.0
    baseline_states: bool = False

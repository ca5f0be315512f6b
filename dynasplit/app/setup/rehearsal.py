"""The profile in place of the hosts: for modelled hosts, and for what a dry run foretells."""

from __future__ import annotations

from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.testbed.modelled import ModelledTestbed


def rehearsal(inputs: TestbedInputs) -> ModelledTestbed:
    """A testbed that answers from the inputs' profile, which there must be."""
    assert inputs.profile is not None
    rules = inputs.rules
    return ModelledTestbed(
        inputs.profile,
        inputs.network,
        seed=inputs.seed,
        inferences=rules.min_inferences,
        warmup=rules.warmup,
        relative_ci=rules.relative_ci,
        max_inferences=rules.max_inferences,
        min_window_s=inputs.energy.least_window_s(inputs.profile.edge.meter.period_s),
        mode=rules.mode,
    )

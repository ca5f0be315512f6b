"""The profile in place of the hosts: for modelled hosts, and for what a dry run foretells."""

from __future__ import annotations

import msgspec

from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.testbed.modelled import ModelledTestbed


def rehearsal(inputs: TestbedInputs) -> ModelledTestbed:
    """A testbed that answers from the inputs' profile, which there must be."""
    assert inputs.profile is not None
    least_s = inputs.energy.least_window_s(inputs.profile.edge.meter.period_s)
    return ModelledTestbed(
        inputs.profile,
        inputs.network,
        seed=inputs.seed,
        rules=msgspec.structs.replace(inputs.rules, min_window_s=least_s),
        accounting=inputs.energy.accounting,
    )

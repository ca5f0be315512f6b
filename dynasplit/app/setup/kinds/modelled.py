"""Modelled hosts: the profile answers at once, without hosts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

from dynasplit.app.setup.kinds.base import HostsOfProfile
from dynasplit.app.setup.rehearsal import rehearsal
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.core.measurement import Measurement, ServingTestbed


class ModelledHosts(HostsOfProfile):
    """Hosts that are computed from a profile."""

    name = "modelled"
    computes: ClassVar[bool] = False
    has_one_set: ClassVar[bool] = False

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[ServingTestbed]:
        """The profile as a testbed."""
        return nullcontext(rehearsal(inputs))

"""Recorded hosts: a table of measured runs answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.recorded_runs import runs_at
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import AvailableKnobs, space_of_runs
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.tables.accounted import under
from dynasplit.testbed.recorded import RecordedTestbed
from hosts.emulation.profile import Profile
from hosts.knobs.base import describe
from hosts.models.networks.base import Progress
from hosts.models.prepared.manifest import Manifest


class RecordedHosts(HostsKind):
    """Hosts that a table of runs stands for."""

    name = "recorded"
    computes: ClassVar[bool] = False
    has_one_set: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse a configuration without runs, and what runs cannot be asked for."""
        if self.config.runs is None:
            raise ConfigurationError("hosts=recorded answers from a table of runs: say runs=FILE")
        for name, value in dataclasses.asdict(self.config.measure).items():
            if describe(name).plain not in (None, value):
                raise ConfigurationError(
                    f"measure.{name}={value}; hosts=recorded answers "
                    f"with what was measured: leave it out, or narrow it by space.{name}"
                )

    @property
    def is_known_early(self) -> bool:
        """The table says all."""
        return True

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """Runs offer configurations, not values of knobs."""
        raise NotImplementedError

    def inputs(self, manifest: Manifest | None, progress: Progress) -> TestbedInputs:
        """The table, and the configurations in it that are asked for."""
        asked = self.config
        runs = under(runs_at(str(asked.runs)), asked.energy.rule, asked.energy.stated_idle_w)
        return TestbedInputs(
            network=runs.model or asked.model.label,
            space=space_of_runs(runs, self.asked_knobs, asked.model.split_points),
            seed=asked.hosts_seed,
            rules=self.rules(),
            energy=self.energy_rules(),
            runs=runs,
            mode=runs.mode,
        )

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[ServingTestbed]:
        """The runs as a testbed."""
        assert inputs.runs is not None
        return nullcontext(RecordedTestbed(inputs.runs, inputs.seed))

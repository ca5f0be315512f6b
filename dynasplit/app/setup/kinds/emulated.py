"""Emulated hosts: SSH servers on loopback, with a board of the profile below each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.app.setup.kinds.base import HostsOfProfile
from dynasplit.app.setup.run_inputs import TestbedInputs, with_faults
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.testbed.address import HostAddress, MeterSpec
from hosts.emulation.faults.base import words_of
from hosts.emulation.profile import save_profile
from hosts.knobs.base import names_on_hosts
from hosts.models.networks.base import Progress
from hosts.models.prepared.manifest import Manifest


class EmulatedHosts(HostsOfProfile):
    """Two emulated boards; their hosts are started here, and are then like any others."""

    name = "emulated"

    def remarks(self) -> list[str]:
        """The faults that were asked for."""
        return [f"The hosts are emulated {fault}" for fault in with_faults(self.faults)]

    @property
    def faults(self) -> tuple[str, ...]:
        """In words."""
        return tuple(words_of(asked) for asked in self.config.hosts.faults)

    def inputs(self, manifest: Manifest | None, progress: Progress) -> TestbedInputs:
        """As for any hosts of a profile, and the faults."""
        return replace(super().inputs(manifest, progress), faults=self.faults)

    @contextmanager
    def up(
        self, inputs: TestbedInputs | None, folder: Path
    ) -> Iterator[tuple[HostAddress, HostAddress]]:
        """Start the boards and their hosts."""
        from dynasplit.testbed.loopback import loopback_hosts

        assert inputs is not None
        edge, cloud = (
            HostAddress(
                knobs=tuple(k.name for k in inputs.space.knobs if k.name in names_on_hosts(role)),
                meters=(MeterSpec("board"),),
            )
            for role in ("edge", "cloud")
        )
        profile = str(self.config.hosts.profile)
        if inputs.is_predicted or self.config.hosts.cloud_rest_w is not None:
            assert inputs.profile is not None
            written = folder.resolve() / "profile.yaml"
            save_profile(inputs.profile, written)
            profile = str(written)
        with loopback_hosts(
            edge,
            cloud,
            profile=profile,
            seed=inputs.seed,
            speedup=inputs.speedup,
            faults=self.config.hosts.faults,
        ) as hosts:
            yield hosts

    @contextmanager
    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> Iterator[ServingTestbed]:
        """Start the boards and their hosts, and open the testbed between them."""
        with (
            self.up(inputs, folder) as hosts,
            _over_ssh.testbed_between(*hosts, inputs, folder, earlier) as testbed,
        ):
            yield testbed

"""Hosts of one's own, reached over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import AvailableKnobs, available_of_hosts
from dynasplit.core.errors import KnobRefused
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.testbed.address import HostAddress
from hosts.emulation.profile import Profile
from hosts.models.networks.base import Progress
from hosts.models.prepared.manifest import Manifest
from hosts.wire.preflight import KnobLook


class SshHosts(HostsKind):
    """An edge and a cloud host of a lab."""

    name = "ssh"
    is_looked_at_first: ClassVar[bool] = True
    is_real: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse addresses that lead nowhere, and knobs that there are not."""
        _over_ssh.check_named(self.config.hosts)
        _over_ssh.check_addresses(self.config.hosts)

    def inputs(self, manifest: Manifest | None, progress: Progress) -> TestbedInputs:
        """As any; knobs that the hosts were said to have, and that do not vary there, are named."""
        if self.config.hosts.profile is None:
            for role, found in zip(("edge", "cloud"), self.offers, strict=True):
                for name, seen in found.items():
                    if not seen.varies:
                        only = ", ".join(map(str, seen.values))
                        why = seen.trouble or f"this host offers {only} alone"
                        progress(f"{role} host: {name} is left out of the space: {why}")
        return super().inputs(manifest, progress)

    @property
    def addresses(self) -> tuple[HostAddress, HostAddress]:
        """The edge host and the cloud host, as SSH reaches them."""
        return _over_ssh.addresses_of(self.config.hosts)

    @cached_property
    def offers(self) -> tuple[dict[str, KnobLook], dict[str, KnobLook]]:
        """What both hosts offer of the knobs that they are said to have; asked once.

        Raises:
            KnobRefused: a knob is there and cannot be set.
            TestbedError: a host cannot be reached.
        """
        from dynasplit.testbed.offers import offers_of

        with ThreadPoolExecutor(2) as both:
            edge, cloud = both.map(offers_of, self.addresses)
        refused = [
            f"{role} host: {name}: {seen.shut[0]} is not writable for this user"
            for role, found in (("edge", edge), ("cloud", cloud))
            for name, seen in found.items()
            if seen.shut
        ]
        if refused:
            raise KnobRefused(
                "; ".join(refused) + ". +experiment=provision gives the right; else leave the "
                "knob out of hosts.<role>.knobs"
            )
        return edge, cloud

    @property
    def measures_energy(self) -> bool:
        """Where a meter is named."""
        return _over_ssh.measures_energy(self.config.hosts)

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knobs that the hosts are said to have: as the profile says, else as they say."""
        named = [*self.config.hosts.edge.knobs, *self.config.hosts.cloud.knobs]
        if profile is not None:
            return available_of_hosts(named, profile, self.config.model.label)
        both = [seen for found in self.offers for seen in found.items()]
        return AvailableKnobs("the hosts", {n: seen.values for n, seen in both if seen.varies})

    def up(
        self, inputs: TestbedInputs | None, folder: Path
    ) -> AbstractContextManager[tuple[HostAddress, HostAddress]]:
        """Both hosts, which are up by themselves."""
        return nullcontext(self.addresses)

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[ServingTestbed]:
        """Log in to both hosts, and open the testbed between them."""
        edge, cloud = self.addresses
        if inputs.profile is None:
            edge, cloud = (
                replace(address, knobs=tuple(n for n in address.knobs if found[n].varies))
                for address, found in zip((edge, cloud), self.offers, strict=True)
            )
        return _over_ssh.testbed_between(edge, cloud, inputs, folder, earlier)

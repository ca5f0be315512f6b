"""Hosts of one's own, reached over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import AvailableKnobs, available_of_hosts
from dynasplit.core.measurement import Measurement, Testbed
from hosts.emulation.profile import Profile


class SshHosts(HostsKind):
    """An edge and a cloud host of a lab."""

    name = "ssh"

    def check(self) -> None:
        """Refuse addresses that lead nowhere, and knobs that there are not."""
        _over_ssh.check_named(self.config.hosts)
        _over_ssh.check_addresses(self.config.hosts)

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knobs that the hosts are said to have."""
        hosts = self.config.hosts
        named = [*hosts.edge.knobs, *hosts.cloud.knobs]
        return available_of_hosts(named, self.asked_knobs, profile, self.config.model.label)

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[Testbed]:
        """Log in to both hosts, and open the testbed between them."""
        edge, cloud = _over_ssh.addresses_of(self.config.hosts)
        return _over_ssh.testbed_between(edge, cloud, inputs, folder, earlier)

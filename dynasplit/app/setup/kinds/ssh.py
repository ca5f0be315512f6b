"""Hosts of one's own, reached over SSH."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import AvailableKnobs, available_of_hosts
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement, Testbed
from dynasplit.testbed.address import HostAddress
from hosts.emulation.profile import Profile


class SshHosts(HostsKind):
    """An edge and a cloud host of a lab."""

    name = "ssh"
    is_looked_at_first: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse hosts without an address, and knobs that there are not."""
        _over_ssh.check_named(self.config.hosts)
        for role in ("edge", "cloud"):
            if getattr(self.config.hosts, role).address is None:
                raise ConfigurationError(
                    f"hosts.{role}.address is missing; allowed: a name or address that SSH reaches"
                )

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knobs that the hosts are said to have."""
        hosts = self.config.hosts
        named = [*hosts.edge.knobs, *hosts.cloud.knobs]
        return available_of_hosts(named, self.asked_knobs, profile, self.config.model.label)

    def up(
        self, inputs: TestbedInputs | None, folder: Path
    ) -> AbstractContextManager[tuple[HostAddress, HostAddress]]:
        """Both hosts, which are up by themselves."""
        return nullcontext(_over_ssh.addresses_of(self.config.hosts))

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[Testbed]:
        """Log in to both hosts, and open the testbed between them."""
        edge, cloud = _over_ssh.addresses_of(self.config.hosts)
        return _over_ssh.testbed_between(edge, cloud, inputs, folder, earlier)

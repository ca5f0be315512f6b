"""Local hosts: edge and cloud are both this machine, over SSH, with its own clocks and knobs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.local_machine import divided, here
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import AvailableKnobs
from dynasplit.config.options.hosts import HostConf
from dynasplit.config.schema import Config
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.energy import EnergyRules
from hosts.discover import ThisMachine
from hosts.emulation.profile import Profile

ESTIMATE = "estimate"
"""The meter that is none: CPU time times watts."""

WINDOW_S = 1.0
"""How long a window goes on for its latency's confidence, unless measure.max_window_s says it:
other programs run on this machine too, and make a latency vary more than on hosts of their own."""


class LocalHosts(HostsKind):
    """Two hosts that are both this machine, without boards."""

    name = "local"
    is_one_machine: ClassVar[bool] = True
    is_real: ClassVar[bool] = True

    def complete(self, config: Config) -> Config:
        """Fill in the machine's name, each host's CPUs, and the knobs and the meter there are.

        So the run's identity depends on them.
        """
        hosts = config.hosts
        self._found = found = here(_interpreter(hosts.cloud), hosts.cloud.runtime)
        self._wanted = {*hosts.edge.knobs, *hosts.cloud.knobs}
        halves = divided(found.cpus)
        edge = _of_own_cpus(_metered(_filled(hosts.edge, halves[0], found), found))
        cloud = _of_own_cpus(_filled(hosts.cloud, halves[1], found))
        if cloud.meter == edge.meter == ESTIMATE and edge.cpus == cloud.cpus:
            cloud = replace(cloud, meter="none")  # one CPU: the edge's estimate has both
        measure = config.measure
        if measure.max_window_s is None:
            measure = replace(measure, max_window_s=max(WINDOW_S, measure.min_window_s))
        hosts = replace(hosts, profile=None, edge=edge, cloud=cloud)
        return replace(config, hosts=hosts, measure=measure)

    def check(self) -> None:
        """Refuse knobs that there are not; what the machine lacks is left out."""
        _over_ssh.check_named(self.config.hosts)
        _over_ssh.check_meters_here(self.config.hosts)

    def remarks(self) -> list[str]:
        """Names the machine and its CPUs, and the knobs and meter that it lacks."""
        edge, cloud = self.config.hosts.edge, self.config.hosts.cloud
        told = [
            f"Both hosts are this machine, {self._found.node}: the edge computes on CPU "
            f"{_listed(edge)}, the cloud on CPU {_listed(cloud)}"
            f"{', shared' if edge.cpus == cloud.cpus else ''}"
        ]
        for name, why in self._found.absent.items():
            if name in self._wanted:
                told.append(f"  {name} is left out of the space: {why}")
        if not edge.named_meters():
            why = self._found.absent.get("meter", "none was asked for")
            told.append(f"  energy is not measured: {why}")
            told.append(f"  hosts.meter={ESTIMATE} would estimate it from CPU time: docs/meters.md")
            told.append(
                "  So latency and accuracy (or fidelity) decide, and policies that choose by "
                "energy are left out"
            )
        if ESTIMATE in (edge.meter, cloud.meter):
            told.append("  energy is ESTIMATED, by CPU time times assumed watts: docs/meters.md")
        return told

    @property
    def is_known_early(self) -> bool:
        """The network has to be prepared: there is no profile of this machine."""
        return False

    @property
    def measures_energy(self) -> bool:
        """Where this machine has a meter, or one is named."""
        return _over_ssh.measures_energy(self.config.hosts)

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knobs of this machine that the configuration uses."""
        used = {*self.config.hosts.edge.knobs, *self.config.hosts.cloud.knobs}
        knobs = {name: values for name, values in self._found.knobs.items() if name in used}
        return AvailableKnobs(f"what {self._found.node} has:", knobs)

    def energy_rules(self) -> EnergyRules:
        """As any; the edge's meters see both hosts together, unless the cloud has its own."""
        alone = not self.config.hosts.cloud.named_meters()
        return replace(super().energy_rules(), one_machine=alone)

    @contextmanager
    def up(
        self, inputs: TestbedInputs | None, folder: Path
    ) -> Iterator[tuple[HostAddress, HostAddress]]:
        """Start both SSH servers."""
        from dynasplit.testbed.loopback import loopback_hosts

        with loopback_hosts(*_over_ssh.addresses_of(self.config.hosts)) as hosts:
            yield hosts

    @contextmanager
    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> Iterator[ServingTestbed]:
        """Start both SSH servers, and open the testbed between them."""
        with (
            self.up(inputs, folder) as hosts,
            _over_ssh.testbed_between(*hosts, inputs, folder, earlier) as testbed,
        ):
            yield testbed


def _interpreter(host: HostConf) -> str:
    """The interpreter that computes a host's part; the controller's, where none is named."""
    named = host.python != HostConf().python
    return str(Path(host.python).expanduser()) if named else sys.executable


def _filled(host: HostConf, cpus: list[int], found: ThisMachine) -> HostConf:
    """A host with its address, its CPUs, and the knobs that the machine has."""
    return replace(
        host,
        address=found.node,
        cpus=cpus if host.cpus is None else host.cpus,
        knobs=[name for name in host.knobs if name in found.knobs],
    )


def _metered(host: HostConf, found: ThisMachine) -> HostConf:
    """A host with the meters that this machine has, where `auto` is asked for."""
    if host.meter != "auto":
        return host
    if host.meters or found.meter is None:
        return replace(host, meter="none")
    if found.gpu_meter is None:
        return replace(host, meter=found.meter)
    both = [{"meter": found.meter}, {"meter": found.gpu_meter}]
    return replace(host, meter="none", meters=both)


def _of_own_cpus(host: HostConf) -> HostConf:
    """A host whose estimate counts the CPUs that it computes on, so that no time counts twice."""
    if host.meter != ESTIMATE or not host.cpus:
        return host
    own = ",".join(map(str, host.cpus))
    return replace(host, meter_options={"cpus": own, **host.meter_options})


def _listed(host: HostConf) -> str:
    return ", ".join(map(str, host.cpus or ())) or "any"

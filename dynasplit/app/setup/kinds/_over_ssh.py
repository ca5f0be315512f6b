"""Shared by the kinds of hosts that are reached over SSH: addresses, opening, compiled heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.config.options.hosts import RUNS_ON, HostConf, HostsConf
from dynasplit.core.errors import ConfigurationError, TestbedError
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.testbed.address import HostAddress, MeterSpec, meter_machines
from dynasplit.testbed.login.destination import destination_of, way_to
from hosts.core.errors import ArtifactError
from hosts.knobs.base import names_on_hosts
from hosts.meters.base import names as meter_names
from hosts.models.prepare.edgetpu import compiled_head, find_compiler
from hosts.models.prepared.manifest import Manifest

if TYPE_CHECKING:
    from dynasplit.testbed.lab import CompileHead


def measures_energy(hosts: HostsConf) -> bool:
    """Whether any of the hosts has a meter."""
    return any(host.named_meters() for host in (hosts.edge, hosts.cloud))


def check_named(hosts: HostsConf) -> None:
    """Refuse knobs and meters that a host is said to have, and that there are not.

    Raises:
        ConfigurationError: names the host, and the knobs or meters that may be named.
    """
    for role, host in (("edge", hosts.edge), ("cloud", hosts.cloud)):
        allowed = names_on_hosts(role)
        strange = [name for name in host.knobs if name not in allowed]
        if strange:
            raise ConfigurationError(
                f"hosts.{role}.knobs={list(host.knobs)}; allowed: {', '.join(allowed) or 'none'}"
            )
        for name, _ in host.named_meters():
            if name not in meter_names():
                raise ConfigurationError(
                    f"hosts.{role}: meter {name!r} asked; there are: {', '.join(meter_names())}"
                )


def check_meters_here(hosts: HostsConf) -> None:
    """Refuse meter programs elsewhere, of hosts that are all this machine.

    Raises:
        ConfigurationError: names the host.
    """
    for role, host in (("edge", hosts.edge), ("cloud", hosts.cloud)):
        if any(place is not None for place in host.places()):
            raise ConfigurationError(
                f"hosts.{role}.meters: {RUNS_ON} with hosts={hosts.kind}; allowed: with hosts of "
                "your own alone (kind ssh)"
            )


def check_addresses(hosts: HostsConf) -> None:
    """Refuse addresses that have no form that there is, or that ssh's configuration refuses.

    Raises:
        ConfigurationError: names the host, the address and the forms.
    """
    for role, host in (("edge", hosts.edge), ("cloud", hosts.cloud)):
        if host.address is None:
            raise ConfigurationError(
                f"hosts.{role}.address is missing; allowed: a name or address that SSH reaches"
            )
        try:
            way_to(destination_of(_address_of(host)))
        except ConfigurationError as error:
            raise ConfigurationError(f"hosts.{role}.{error}") from error
        for machine in meter_machines(addresses_of(hosts)[role == "cloud"]):
            try:
                way_to(destination_of(machine))
            except ConfigurationError as error:
                raise ConfigurationError(f"hosts.{role}.meters: {RUNS_ON}: {error}") from error


def addresses_of(hosts: HostsConf) -> tuple[HostAddress, HostAddress]:
    """Both hosts' options as the testbed takes them."""
    return _with_meters(hosts.edge, hosts), _with_meters(hosts.cloud, hosts)


def _with_meters(host: HostConf, hosts: HostsConf) -> HostAddress:
    """A host with its meters, each at its place."""
    named = zip(host.named_meters(), host.places(), strict=True)
    meters = tuple(MeterSpec(n, options, _place(at, host, hosts)) for (n, options), at in named)
    return replace(_address_of(host), meters=meters)


def _place(
    place: Any, host: HostConf, hosts: HostsConf
) -> HostAddress | Literal["controller"] | None:
    """Where a meter's program runs, as the testbed takes it; None: on its own host."""
    if place is None:
        return None
    if place == "controller":
        return "controller"
    if place in ("edge", "cloud"):
        other = hosts.edge if place == "edge" else hosts.cloud
        if other is host:
            return None
        return replace(_address_of(other), knobs=(), link_address="", link_port=0, cpus=())
    return HostAddress(**({"address": place} if isinstance(place, str) else dict(place)))


def _address_of(host: HostConf) -> HostAddress:
    return HostAddress(
        address=str(host.address),
        port=host.port,
        user=host.user,
        key_file=host.key_file,
        known_hosts=host.known_hosts,
        python=host.python,
        runtime=host.runtime,
        tf32=host.tf32,
        link_address=host.link_address or "",
        link_port=host.link_port or 0,
        knobs=tuple(host.knobs),
        cpus=tuple(host.cpus or ()),
    )


@contextmanager
def testbed_between(
    edge: HostAddress,
    cloud: HostAddress,
    inputs: TestbedInputs,
    folder: Path,
    earlier: Sequence[Measurement],
) -> Iterator[ServingTestbed]:
    """The testbed between two hosts that are up; values that they do not offer are refused."""
    from dynasplit.testbed.opening import ssh_testbed

    assert inputs.manifest is not None
    manifest = inputs.manifest
    compile_head = _compiling(manifest) if _accelerates(inputs) else None
    if any(c.cloud_gpu for c in inputs.space.configurations):
        cloud = replace(cloud, uses_gpu=True)
        if inputs.energy.one_machine:  # the edge's meters count for both
            edge = replace(edge, uses_gpu=True)
    with ssh_testbed(
        edge, cloud, manifest, inputs.rules, inputs.energy, folder, inputs.gates
    ) as testbed:
        testbed.edge.compile_head = compile_head
        testbed.keep_up(inputs.upkeep)
        if compile_head is not None and not testbed.edge.is_emulated:
            check_compiler()
        testbed.qualities.know(earlier)
        hardware = [k for k in inputs.space.knobs if k.name in names_on_hosts()]
        testbed.check_offered({knob.name: knob.values for knob in hardware})
        yield testbed


def _compiling(manifest: Manifest) -> CompileHead:
    """Compiles heads for the edge's accelerator on this machine."""

    def compile_head(split_point: int) -> tuple[Path, str]:
        try:
            made = compiled_head(manifest, split_point)
        except ArtifactError as error:
            raise TestbedError(str(error)) from error
        return Path(made.path), made.sha256

    return compile_head


def check_compiler() -> None:
    """Refuse if heads cannot be compiled here: edgetpu_compiler is missing.

    Raises:
        ConfigurationError: the compiler is not installed here.
    """
    try:
        find_compiler()
    except ArtifactError as error:
        raise ConfigurationError(str(error)) from error


def _accelerates(inputs: TestbedInputs) -> bool:
    """True if any configuration of the space opens the edge's accelerator."""
    return any(c.edge_accelerator != "off" for c in inputs.space.configurations)

"""Hosts whose GPU computes are asked for a meter that sees it, before anything is measured."""

from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.space import Configuration
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.lab import Host
from dynasplit.testbed.loopback import loopback_hosts
from tests.powercap import Powercap


@pytest.mark.medium
def test_a_host_with_rapl_alone_is_refused_where_its_gpu_computes(tmp_path):
    Powercap(tmp_path / "root", 10.0)
    metered = HostAddress(meters=(MeterSpec("rapl", {"root": str(tmp_path / "root")}),))
    identity = make_credentials("cloud")["cloud"]
    with loopback_hosts(HostAddress(), metered) as (_, cloud):
        for uses_gpu, refused in (
            (False, nullcontext()),
            (True, pytest.raises(ConfigurationError, match=r"host .*\(package\) sees it; allowed")),
        ):
            host = Host("cloud", replace(cloud, uses_gpu=uses_gpu), identity, tmp_path)
            with closing(host), refused:
                host.start_agent()
                host.start_meters()


@pytest.mark.parametrize("one_machine", [False, True])
@pytest.mark.parametrize("cloud_gpu", [False, True])
def test_hosts_are_told_whether_a_gpu_computes_in_the_space(
    tmp_path, monkeypatch, cloud_gpu, one_machine
):
    opened = []

    @contextmanager
    def ssh_testbed(edge, cloud, *_, **__):
        opened.append((edge.uses_gpu, cloud.uses_gpu))
        known = SimpleNamespace(know=len)
        yield Mock(edge=SimpleNamespace(), qualities=known, check_offered=len)

    monkeypatch.setattr("dynasplit.testbed.opening.ssh_testbed", ssh_testbed)
    configurations = [Configuration.of(0), Configuration.of(0, cloud_gpu=cloud_gpu)]
    inputs = SimpleNamespace(
        manifest=object(),
        rules=None,
        gates=None,
        upkeep=None,
        energy=EnergyRules(one_machine=one_machine),
        space=SimpleNamespace(configurations=configurations, knobs=()),
    )
    hosts = HostAddress(), HostAddress()
    with _over_ssh.testbed_between(*hosts, inputs, tmp_path, ()):
        assert opened == [(cloud_gpu and one_machine, cloud_gpu)]

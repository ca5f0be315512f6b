"""Where a meter's program runs, as the configuration says it."""

import pytest

from dynasplit.app.setup.kinds import _over_ssh
from dynasplit.config.options.hosts import HostConf, HostsConf
from dynasplit.core.errors import ConfigurationError
from dynasplit.testbed.address import meter_machines


def hosts_with(place) -> HostsConf:
    meters = [{"meter": "gpm8213", "resource": "x", "runs_on": place}, {"meter": "rapl"}]
    edge = HostConf(address="pi", knobs=["cpu_mhz"], meters=meters)
    return HostsConf(kind="ssh", edge=edge, cloud=HostConf(address="me@server:2222", python="/p"))


def test_a_place_is_the_controller_a_host_or_another_machine_and_no_option_of_the_meter():
    for place, address in (("cloud", "me@server:2222"), ("pi@other", "pi@other")):
        edge, _ = _over_ssh.addresses_of(hosts_with(place))
        assert edge.meters[0].options == {"resource": "x"}
        assert edge.meters[0].runs_on.address == address
        assert edge.meters[1].runs_on is None
        assert len(meter_machines(edge)) == 1
    for place, found in (("controller", "controller"), ("edge", None)):
        assert _over_ssh.addresses_of(hosts_with(place))[0].meters[0].runs_on == found
    edge, _ = _over_ssh.addresses_of(hosts_with({"address": "third", "python": "/q"}))
    assert (edge.meters[0].runs_on.address, edge.meters[0].runs_on.python) == ("third", "/q")


@pytest.mark.parametrize("strange", [3, "", {"python": "/q"}, {"address": "a", "colour": "red"}])
def test_a_place_that_is_none_is_refused_with_those_there_are(strange):
    (told,) = hosts_with(strange).edge.conflicts()
    assert "allowed: controller, edge, cloud" in told


def test_hosts_that_are_this_machine_have_no_meters_elsewhere():
    with pytest.raises(ConfigurationError, match="with hosts of your own alone"):
        _over_ssh.check_meters_here(hosts_with("controller"))

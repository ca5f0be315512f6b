"""Addresses as people write them: taken apart, or refused by naming the forms."""

from dataclasses import replace

import pytest

from dynasplit.core.errors import ConfigurationError
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.login.address_text import AddressParts, parse_address
from dynasplit.testbed.login.destination import destination_of

TAKEN = {
    "edge": AddressParts("edge"),
    "edge.lab": AddressParts("edge.lab"),
    "10.0.0.7": AddressParts("10.0.0.7"),
    "pi@edge": AddressParts("edge", "pi"),
    "LAB\\ann@edge": AddressParts("edge", "LAB\\ann"),
    "ann@lab@edge": AddressParts("edge", "ann@lab"),
    "edge:2222": AddressParts("edge", None, 2222),
    "pi@edge:65535": AddressParts("edge", "pi", 65535),
    "::1": AddressParts("::1"),
    "fe80::1%eth0": AddressParts("fe80::1%eth0"),
    "pi@fd00::7": AddressParts("fd00::7", "pi"),
    "[::1]": AddressParts("::1"),
    "[::1]:2222": AddressParts("::1", None, 2222),
    "pi@[fd00::7]:1": AddressParts("fd00::7", "pi", 1),
    "ssh://edge": AddressParts("edge"),
    "SSH://pi@edge:2222/": AddressParts("edge", "pi", 2222),
    "ssh://[::1]:22": AddressParts("::1", None, 22),
}
REFUSED = {
    "": "no host",
    "pi@": "no host",
    ":22": "no host",
    "@edge": "no user",
    "pi:secret@edge": "a password",
    "edge:": "port ''",
    "edge:0": "port '0'",
    "edge:65536": "port '65536'",
    "edge:²": "port",
    "edge:22x": "port '22x'",
    "edge:/home": "port '/home'",
    "edge:22:22": "several colons",
    "[edge]:22": "no IPv6 address",
    "[::1]22": "brackets",
    "[::1": "brackets",
    "http://edge": "http:// is not SSH's",
    "ssh://edge/home": "a path",
    "-oProxyCommand=reboot": "can be neither",
    "-l@edge": "can be neither",
    "edge one": "can be neither",
    "edge\n": "can be neither",
}


@pytest.mark.parametrize("text", TAKEN)
def test_each_form_is_taken_apart(text):
    assert parse_address(text) == TAKEN[text]


@pytest.mark.fault(
    group="hosts",
    fault="an address that contradicts itself, or has no form that there is",
    seen="the forms",
)
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_form_is_refused_in_one_line(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_address(text)
    said = str(caught.value)
    assert f"address {text!r}: " in said
    assert REFUSED[text] in said
    assert "allowed: [USER@]HOST[:PORT]" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"user": "ann"}, r"says user pi, and user=ann"),
        ({"port": 22}, r"says port 2222, and port=22"),
    ],
)
def test_an_address_that_contradicts_its_options_is_refused(beside, said):
    address = HostAddress(address="pi@edge:2222", heeds_ssh_config=False)
    assert str(destination_of(address)) == "pi@edge:2222"
    assert destination_of(replace(address, user="pi", port=2222)).port == 2222
    with pytest.raises(ConfigurationError, match=said):
        destination_of(replace(address, **beside))

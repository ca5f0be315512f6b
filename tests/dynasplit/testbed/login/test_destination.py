"""What ssh's configuration says of a host, as OpenSSH's client and as paramiko understand it."""

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest

from dynasplit.core.errors import ConfigurationError
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.login.destination import destination_of, way_to
from tests.ssh_config import SSH, use_config

CONFIG = """
Host pi
  HostName 10.0.0.7
  User pi
  Port 2222
  IdentityFile ~/.ssh/lab_%h
  IdentityFile "/keys/with space/key"
  IdentitiesOnly yes
  UserKnownHostsFile ~/.ssh/lab_hosts /etc/lab_hosts
Match originalhost cloud* user ann
  Port 2200
Host behind
  ProxyJump gate,ann@[fd00::7]:2200
Host gate
  ProxyJump outer
  HostName gate.lab
Host carried
  ProxyCommand nc -X 5 %h %p
  HostKeyAlias the_one
  Port 7
Host round
  ProxyJump around
Host around
  ProxyJump round
Host *
  IdentityAgent none
  User someone
"""


@pytest.fixture(params=["ssh", "paramiko"])
def reader(request) -> str:
    if request.param == "ssh" and SSH is None:
        pytest.skip("OpenSSH's client is missing")
    return request.param


@pytest.fixture
def ssh_config(monkeypatch, tmp_path, reader) -> Callable[[str], Path]:
    """Write ~/.ssh/config."""
    return lambda text: use_config(monkeypatch, tmp_path, text, reader)


def test_an_alias_leads_where_ssh_goes(ssh_config, tmp_path):
    ssh_config(CONFIG)
    pi = destination_of(HostAddress(address="pi"))
    assert (pi.name, pi.host, pi.user, pi.port) == ("pi", "10.0.0.7", "pi", 2222)
    assert pi.key_files == (f"{tmp_path}/.ssh/lab_10.0.0.7", "/keys/with space/key")
    assert pi.keeps_to_files
    assert not pi.is_key_named
    assert pi.known_hosts[0].endswith("/.ssh/lab_hosts")
    assert "/etc/lab_hosts" in pi.known_hosts
    assert pi.known_as == ("[10.0.0.7]:2222", "10.0.0.7")
    assert pi.agent is None
    assert str(pi) == "pi (pi@10.0.0.7:2222)"


def test_what_is_stated_wins(ssh_config):
    ssh_config(CONFIG)
    stated = HostAddress(
        address="ann@pi", port=22, key_file="/keys/mine", known_hosts="/keys/hosts"
    )
    pi = destination_of(stated)
    assert (pi.host, pi.user, pi.port) == ("10.0.0.7", "ann", 22)
    assert (pi.key_files, pi.known_hosts) == (("/keys/mine",), ("/keys/hosts",))
    assert pi.is_key_named
    assert pi.is_known_hosts_named
    assert pi.known_as == ("10.0.0.7",)


def test_a_host_that_nothing_is_said_of_is_met_as_ssh_does(ssh_config, tmp_path, monkeypatch):
    ssh_config("")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    host = destination_of(HostAddress(address="Edge.lab"))
    assert (host.host.lower(), host.user, host.port) == ("edge.lab", getpass.getuser(), 22)
    assert f"{tmp_path}/.ssh/id_ed25519" in host.key_files
    assert any(file.endswith("/.ssh/known_hosts") for file in host.known_hosts)
    assert "/etc/ssh/ssh_known_hosts" in host.known_hosts
    assert (host.agent, host.keeps_to_files) == ("/run/agent", False)
    assert (host.jumps, host.proxy_command) == ((), None)
    assert str(host).startswith(getpass.getuser())


def test_match_lines_heed_a_stated_user(ssh_config, reader):
    ssh_config(CONFIG)
    assert destination_of(HostAddress(address="cloud7")).port == 22
    stated = destination_of(HostAddress(address="cloud7", user="ann"))
    assert stated.port == (2200 if reader == "ssh" else 22)  # paramiko cannot be told of it


def test_hosts_on_the_way_have_settings_and_ways_of_their_own(ssh_config):
    ssh_config(CONFIG)
    way = way_to(destination_of(HostAddress(address="behind")))
    assert [str(hop) for hop in way] == [
        "someone@outer:22",
        "gate (someone@gate.lab:22)",
        "ann@[fd00::7]:2200",
        "someone@behind:22",
    ]


def test_a_command_on_the_way_is_put_together(ssh_config):
    ssh_config(CONFIG)
    carried = destination_of(HostAddress(address="carried"))
    assert carried.proxy_command == "nc -X 5 carried 7"
    assert carried.known_as == ("the_one",)


def test_a_way_that_leads_through_itself_is_refused(ssh_config):
    ssh_config(CONFIG)
    with pytest.raises(ConfigurationError, match=r"^round .*|^someone@round:22: .* again"):
        way_to(destination_of(HostAddress(address="round")))


def test_a_configuration_that_ssh_refuses_is_told_in_its_words(ssh_config):
    ssh_config("Hostt pi\n  : x\n")
    with pytest.raises(ConfigurationError, match=r"^pi: .*") as caught:
        destination_of(HostAddress(address="pi"))
    assert "\n" not in str(caught.value)


def test_files_that_are_included_count(ssh_config, tmp_path, reader):
    (tmp_path / "more").write_text("Host pi\n  HostName 10.0.0.9\n")
    ssh_config(f"Include {tmp_path}/more\nHost pi\n  Port 23\n")
    if reader == "ssh":
        assert str(destination_of(HostAddress(address="pi"))).endswith("@10.0.0.9:23)")
        return
    with pytest.raises(ConfigurationError, match="includes other files, which needs OpenSSH's"):
        destination_of(HostAddress(address="pi"))


def test_hosts_that_are_started_here_heed_no_configuration(ssh_config):
    ssh_config("Host *\n  ProxyCommand false\n  Port 1\n")
    here = destination_of(HostAddress(address="127.0.0.1", heeds_ssh_config=False))
    assert (here.port, here.proxy_command) == (22, None)

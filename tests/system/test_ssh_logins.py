"""Logins to OpenSSH servers as people have them: keys, agents, known hosts, jumps, refusals."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dynasplit.core.errors import HostKeyRefused, HostUnreachable, LoginRefused, TestbedError
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from tests.openssh import SSHD, OpenSshServer, keygen
from tests.ssh_config import use_config

pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not SSHD.exists(), reason="openssh-server is missing"),
    pytest.mark.skipif(shutil.which("ssh") is None, reason="openssh-client is missing"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[OpenSshServer]:
    made = OpenSshServer(tmp_path_factory.mktemp("sshd"), kinds=("ed25519", "ecdsa", "rsa"))
    yield made
    made.close()


@pytest.fixture
def agent(monkeypatch, tmp_path) -> Iterator[Path]:
    """A running ssh-agent without keys."""
    path = tmp_path / "agent"
    running = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    until_s = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < until_s
        time.sleep(0.01)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    yield path
    running.terminate()
    running.wait()


def add_to_agent(key: Path, passphrase: str = "") -> None:
    """With the passphrase, which ssh-add has a program ask for."""
    asks = key.with_name("asks")
    asks.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
    asks.chmod(0o700)
    told = os.environ | {"SSH_ASKPASS": str(asks), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", key], env=told, check=True, stdin=subprocess.DEVNULL)


def logs_in(address: HostAddress) -> None:
    host = HostConnection(address)
    try:
        assert host.ask("echo here") == "here\n"
    finally:
        host.close()


def refusal(address: HostAddress, kind: type[TestbedError]) -> str:
    """The one line of a login that fails, within the time that it may take."""
    began_s = time.monotonic()
    with pytest.raises(kind) as caught:
        logs_in(address)
    assert time.monotonic() - began_s < 10
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_kind_of_key_that_is_known_is_asked_for(server, tmp_path, kind):
    (tmp_path / "known").write_text(server.known(kind))
    logs_in(replace(server.address, known_hosts=str(tmp_path / "known")))


def known_lines(server: OpenSshServer, tmp_path: Path) -> dict[str, str]:
    plain, other = server.known("ed25519"), keygen(tmp_path / "other")
    name, key = plain.split(" ", 1)
    return {
        "hashed": plain,
        "without port": f"127.0.0.1 {key}",
        "pattern": f"[127.0.0.*]:*,!x {key}",
        "beside another kind": f"{server.known('rsa')}{plain}",
        "damaged before it": f"nas.lab {other[:50]}\n@cert-authority *.lab {other}{plain}",
        "revoked": f"{plain}@revoked {plain}",
        "revoked everywhere": f"{plain}@revoked * {key}",
        "another one": f"{name} {other}",
        "authority alone": f"@cert-authority * {other}",
        "other kinds alone": f"{name} ssh-dss {key.split()[1]}\n",
        "of another host": f"cloud.lab {key}",
    }


@pytest.mark.parametrize(
    "which", ["hashed", "without port", "pattern", "beside another kind", "damaged before it"]
)
def test_a_known_host_is_logged_in_to(server, tmp_path, which):
    known = tmp_path / "known"
    known.write_text(known_lines(server, tmp_path)[which])
    if which == "hashed":
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
        assert "127.0.0.1" not in known.read_text()
    logs_in(replace(server.address, known_hosts=str(known)))


@pytest.mark.fault(
    group="hosts",
    fault="an unknown, changed or revoked host key",
    seen="the key's fingerprint, the line that decides, and what makes a host known",
    kept="nothing was started",
)
@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("revoked", r"marked @revoked in .*known line 2 \(ssh-ed25519 SHA256:.*do not log in$"),
        ("revoked everywhere", r"marked @revoked in .*known line 2"),
        ("another one", r"another key \(ssh-ed25519 SHA256:.*known line 1\).* do not log in$"),
        ("authority alone", r"known line 1 names an authority, and certificates of hosts are not"),
        ("other kinds alone", r"no key is known for this host; it shows"),
        ("of another host", r"no key is known for this host; it shows ssh-ed25519 SHA256:"),
    ],
)
def test_any_other_host_is_refused_with_its_fingerprint(server, tmp_path, which, said):
    known = tmp_path / "known"
    known.write_text(known_lines(server, tmp_path)[which])
    told = refusal(replace(server.address, known_hosts=str(known)), HostKeyRefused)
    assert re.search(said, told), told
    shown = subprocess.run(
        ["ssh-keygen", "-lf", f"{server.folder}/host_ed25519.pub"], capture_output=True, text=True
    )
    assert shown.stdout.split()[1] in told


def test_the_line_that_makes_a_host_known_does(server, tmp_path):
    known = tmp_path / "known hosts"
    known.touch()
    address = replace(server.address, known_hosts=str(known))
    told = refusal(address, HostKeyRefused)
    line = told.split("then: ")[1]
    assert line.startswith("ssh-keyscan -p ")
    subprocess.run(line, shell=True, check=True, stderr=subprocess.DEVNULL)
    logs_in(address)


def test_a_file_of_known_hosts_that_is_stated_must_be_readable(server, tmp_path):
    address = replace(server.address, known_hosts=str(tmp_path / "absent"))
    assert "cannot be read (No such file or directory)" in refusal(address, HostKeyRefused)


@pytest.mark.fault(
    group="hosts",
    fault="a key that is encrypted, refused, or not there",
    seen="which of them, and what to do",
)
def test_an_encrypted_key_is_unlocked_by_an_agent_alone(server, tmp_path, agent):
    key = tmp_path / "locked"
    line = keygen(key, passphrase="secret words")
    authorized = server.folder / "authorized_keys"
    before = authorized.read_text()
    authorized.write_text(before + line)
    address = replace(server.address, key_file=str(key))
    try:
        told = refusal(address, LoginRefused)
        assert told.endswith(
            f"{key} is encrypted, and no agent holds it; unlock it for an agent: ssh-add {key}"
        )
        add_to_agent(key, "secret words")
        logs_in(address)
        key.with_name("locked.pub").unlink()  # the file itself says which key it is
        logs_in(address)
        key.write_text(line)  # a public key stands for its private part in the agent
        logs_in(address)
    finally:
        authorized.write_text(before)


def test_an_agent_is_asked_where_no_key_is_stated(server, agent, tmp_path, monkeypatch):
    use_config(monkeypatch, tmp_path, "Host *\n  IdentityFile /nowhere\n", "ssh")
    address = replace(server.address, key_file=None, heeds_ssh_config=True)
    none = refusal(address, LoginRefused)
    assert "there is no key to log in with, neither in an agent nor in /nowhere" in none
    keygen(tmp_path / "stranger")
    add_to_agent(tmp_path / "stranger")
    assert re.search(
        r"does not take the key .*stranger of the agent \(SHA256:.*\); add its public part to "
        r"\w+'s ~/.ssh/authorized_keys",
        refusal(address, LoginRefused),
    )
    add_to_agent(Path(server.address.key_file))
    logs_in(address)
    use_config(
        monkeypatch,
        tmp_path,
        f"Host *\n  IdentitiesOnly yes\n  IdentityFile {tmp_path}/stranger\n",
        "ssh",
    )
    assert "does not take the key" in refusal(address, LoginRefused)


def test_no_agent_and_no_key_is_told(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    use_config(monkeypatch, tmp_path, "Host *\n  IdentityAgent none\n", "ssh")
    monkeypatch.setenv("HOME", str(tmp_path))
    address = replace(server.address, key_file=None, heeds_ssh_config=True)
    told = refusal(address, LoginRefused)
    assert "neither in an agent (none runs) nor in" in told
    assert "ssh-copy-id" in told


def test_a_file_that_is_no_key_is_named(server, tmp_path):
    (tmp_path / "key").write_text("-----BEGIN NOTHING-----\n")
    told = refusal(replace(server.address, key_file=str(tmp_path / "key")), LoginRefused)
    assert f"{tmp_path}/key is no private key of OpenSSH's or PEM's form" in told


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_keys_of_other_kinds_log_in(server, tmp_path, kind):
    authorized = server.folder / "authorized_keys"
    before = authorized.read_text()
    authorized.write_text(before + keygen(tmp_path / "key", kind))
    try:
        logs_in(replace(server.address, key_file=str(tmp_path / "key")))
    finally:
        authorized.write_text(before)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("PubkeyAuthentication no\nKbdInteractiveAuthentication yes", "the host takes no keys"),
        ("AuthenticationMethods publickey,keyboard-interactive", "as well; allowed: logins"),
        ("AllowUsers nobody-else", "does not take the key"),
        ("MaxSessions 0", "opens no further session"),
        ("KexAlgorithms diffie-hellman-group18-sha512", "its SSH server is too old or too strict"),
    ],
)
def test_a_server_that_asks_for_something_else_is_told(tmp_path, settings, said):
    made = OpenSshServer(tmp_path / "sshd", settings=settings)
    try:
        with pytest.raises(TestbedError, match=said) as caught:
            logs_in(made.address)
        assert "\n" not in str(caught.value)
    finally:
        made.close()


def test_a_host_that_hangs_up_after_many_keys_is_told(tmp_path, agent, monkeypatch):
    made = OpenSshServer(tmp_path / "sshd", settings="MaxAuthTries 2")
    use_config(monkeypatch, tmp_path, "", "ssh")
    address = replace(made.address, key_file=None, heeds_ssh_config=True)
    try:
        for name in ("one", "two", "three"):
            keygen(tmp_path / name)
            add_to_agent(tmp_path / name)
        assert re.search(
            r"hung up after [23] keys, .*IdentitiesOnly", refusal(address, LoginRefused)
        )
    finally:
        made.close()


CONFIG = """
Host edge
  HostName 127.0.0.1
  Port {port}
  UserKnownHostsFile {known}
  IdentityFile {key}
Host jumping
  ProxyJump edge
Host carried
  ProxyCommand {command}
Host broken
  ProxyCommand sh -c 'echo no way to %h >&2; exit 1'
Host jumping carried broken
  HostName localhost
  HostKeyAlias edge_by_itself
  Port {port}
  UserKnownHostsFile {known}
  IdentityFile {key}
"""
CARRY = (
    "python3 -c 'import socket, sys, os, threading as t; s = socket.create_connection((sys.argv[1],"
    " int(sys.argv[2]))); t.Thread(target=lambda: [os.write(1, b) for b in iter(lambda: s.recv(4096"
    '), b"")], daemon=True).start(); [s.sendall(b) for b in iter(lambda: os.read(0, 4096), b"")]\''
    " 127.0.0.1 %p"
)


@pytest.fixture
def aliases(server, tmp_path, monkeypatch) -> None:
    known = tmp_path / "aliased"
    known.write_text(server.known() + f"edge_by_itself {server.host_keys['ed25519']}")
    key = server.address.key_file
    text = CONFIG.format(port=server.port, known=known, key=key, command=CARRY)
    use_config(monkeypatch, tmp_path, text, "ssh")


@pytest.mark.parametrize("alias", ["edge", "jumping", "carried"])
def test_an_alias_is_all_that_has_to_be_said(aliases, alias):
    logs_in(HostAddress(address=alias))


def test_a_stranger_behind_a_jump_is_refused_too(server, aliases, tmp_path):
    (tmp_path / "aliased").write_text(server.known())
    told = refusal(HostAddress(address="jumping"), HostKeyRefused)
    assert told.startswith("jumping (")
    assert told.endswith("then: ssh jumping")


def test_a_jump_host_that_does_not_let_through_is_named(server, aliases):
    told = refusal(HostAddress(address="jumping", port=1), HostUnreachable)
    assert "the jump host 127.0.0.1 does not let through to it (Connect" in told


def test_a_command_that_leads_nowhere_is_told_in_its_words(aliases):
    told = refusal(HostAddress(address="broken"), HostUnreachable)
    assert told.endswith("its ProxyCommand leads to no SSH server; no way to localhost")


def test_nothing_is_left_of_logins(aliases):
    before = [*threading.enumerate(), *psutil.Process().children()]
    for alias in ("jumping", "carried"):
        HostConnection(HostAddress(address=alias)).close()
    with pytest.raises(HostUnreachable):
        HostConnection(HostAddress(address="broken"))

    def left() -> list[object]:
        """What runs; but for timers of handshakes, which paramiko lets run out."""
        now = [*threading.enumerate(), *psutil.Process().children()]
        return [one for one in now if one not in before and not isinstance(one, threading.Timer)]

    until_s = time.monotonic() + 5
    while left():
        assert time.monotonic() < until_s, left()
        time.sleep(0.02)

"""Hosts on OpenSSH whose login shell is no POSIX one, talks at its start, or allows little."""

import http.server
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dynasplit.core.errors import HostProgramFailed, HostUnreachable, TestbedError
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.agents import AgentLink
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.login import reach
from dynasplit.testbed.meter import MeterStream
from dynasplit.testbed.programs import push_programs
from hosts.wire import files, messages
from tests.openssh import SSHD, WRAPPER, OpenSshServer

pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not SSHD.exists(), reason="openssh-server is missing"),
]
needs_wrapper = pytest.mark.skipif(WRAPPER is None, reason="libnss-wrapper is missing")
SHELLS = ("bash", "fish", "tcsh", "bsd-csh", "dash")
GREETS = "echo Welcome; printf 'no end of line'; echo 'mind the step' >&2\n"
START_FILES = {
    "bash": (".bashrc", GREETS),
    "fish": (".config/fish/config.fish", GREETS),
    "tcsh": (".cshrc", "echo Welcome\necho -n 'no end'\n"),
    "bsd-csh": (".cshrc", "echo Welcome\necho -n 'no end'\n"),
}


@pytest.fixture(params=SHELLS)
def greeting(request, tmp_path) -> Iterator[OpenSshServer]:
    """A host that greets who logs in, if its shell has a file for that."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is missing")
    made = OpenSshServer(tmp_path / "sshd", shell=request.param)
    if request.param in START_FILES:
        name, words = START_FILES[request.param]
        (made.home / name).parent.mkdir(parents=True, exist_ok=True)
        (made.home / name).write_text(words)
    yield made
    made.close()


@pytest.mark.fault(
    group="hosts",
    fault="fish, csh or a greeting where a POSIX shell is expected; no SFTP",
    seen="nothing: commands and files go through",
)
@needs_wrapper
def test_any_login_shell_runs_commands_and_takes_files(greeting, tmp_path):
    host = HostConnection(greeting.address)
    words = """for word in "it's" '$HOME' '`x`' '!!' 'a\\nb'; do printf '%s|' "$word"; done"""
    assert host.ask(words) == "it's|$HOME|`x`|!!|a\\nb|"
    assert host.ask("echo ~") == f"{greeting.home}\n"
    with pytest.raises(HostProgramFailed, match=r"exited with 3: (?s:.*)late$"):
        host.ask("echo late >&2; exit 3")
    content = bytes(range(256)) * 1000
    assert host.feed("wc -c; exit 0", content).strip() == "256000"
    (tmp_path / "here").write_bytes(content)
    host.put(tmp_path / "here", str(tmp_path / "it's there"))
    assert (tmp_path / "it's there").read_bytes() == content
    program = host.start("read -r line; echo got $line; cat")
    program.sendall(b"a word\nand more")
    program.shutdown_write()
    assert program.makefile("rb").read() == b"got a word\nand more"
    assert program.recv_exit_status() == 0
    folder = push_programs(host)
    assert folder == push_programs(host)
    assert Path(folder, "hosts/agents/agent.py").is_file()
    host.close()


@pytest.fixture(params=["fish", "bash"])
def hard(request, tmp_path) -> Iterator[OpenSshServer]:
    """A host without SFTP that greets, with a shell that is none of POSIX, or with bash."""
    if WRAPPER is None or shutil.which(request.param) is None:
        pytest.skip(f"{request.param} or libnss-wrapper is missing")
    made = OpenSshServer(
        tmp_path / "sshd", shell=request.param, settings="Subsystem nothing /bin/false"
    )
    name, words = START_FILES[request.param]
    (made.home / name).parent.mkdir(parents=True, exist_ok=True)
    (made.home / name).write_text(words)
    yield made
    made.close()


def agent_on(host: HostConnection, log: Path) -> AgentLink:
    identity = make_credentials("edge")["edge"]
    order = messages.StartOrder(
        role="edge",
        knobs=(),
        key_pem=identity.key_pem,
        certificate_pem=identity.certificate_pem,
        authority_pem=identity.authority_pem,
    )
    return AgentLink(host, push_programs(host), order, identity, log)


def test_agents_and_meters_run_there_too(hard, tmp_path):
    host = HostConnection(hard.address)
    link = agent_on(host, tmp_path / "log")
    there = link.call("Find", files.FindOrder(files={"0" * 64: "/x"}), files.Found, 10.0)
    assert there.paths == {"0" * 64: None}
    with pytest.raises(HostProgramFailed, match="'thermometer' asked; there are: "):
        MeterStream(host, MeterSpec("thermometer"), push_programs(host))
    link.close()
    host.close()
    assert (tmp_path / "log").read_text().endswith("control channel closed\n")


@pytest.mark.fault(
    group="hosts",
    fault="a host's clock that is off by years",
    seen="nothing",
)
@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_clock_that_is_years_off_is_no_obstacle(tmp_path, days):
    if shutil.which("faketime") is None:
        pytest.skip("faketime is missing")
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nexec env DONT_FAKE_MONOTONIC=1 faketime -f {days:+d}d {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    made = OpenSshServer(tmp_path / "sshd")
    try:
        host = HostConnection(replace(made.address, python=str(python)))
        agent_on(host, tmp_path / "log").close()
        host.close()
    finally:
        made.close()


@needs_wrapper
def test_a_login_without_a_shell_is_told_in_its_words(tmp_path):
    made = OpenSshServer(tmp_path / "sshd", shell="/usr/sbin/nologin")
    try:
        host = HostConnection(made.address)
        with pytest.raises(HostProgramFailed, match="and said 'This account is currently not"):
            host.ask("true")
        host.close()
    finally:
        made.close()


@pytest.mark.fault(
    group="hosts",
    fault="a host that forbids forwarding",
    seen="what allows it: `AllowTcpForwarding local`",
)
@pytest.mark.parametrize("settings", ["AllowTcpForwarding no", "PermitOpen none"])
def test_forwarding_that_is_forbidden_is_told_at_once(tmp_path, settings):
    made = OpenSshServer(tmp_path / "sshd", settings=settings)
    try:
        host = HostConnection(made.address)
        began_s = time.monotonic()
        with (
            pytest.raises(TestbedError, match=r"prohibited.*: AllowTcpForwarding local") as caught,
            host.forward(1),
        ):
            pass
        assert "\n" not in str(caught.value)
        assert time.monotonic() - began_s < 5
        host.close()
    finally:
        made.close()


@pytest.fixture
def patience_s(monkeypatch) -> float:
    """A second in the place of eight; returns the most that a login then takes."""
    assert reach.CONNECT_S + reach._ANSWER_S < 10
    monkeypatch.setattr(reach, "CONNECT_S", 1.0)
    return 1.0 + reach._ANSWER_S + 1.0


def address_of(port: int, folder: Path) -> HostAddress:
    (folder / "known").touch()
    return HostAddress(
        address="127.0.0.1", port=port, known_hosts=str(folder / "known"), heeds_ssh_config=False
    )


class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_web_server_is_told_by_its_answer(tmp_path, patience_s):
    with http.server.HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        began_s = time.monotonic()
        with pytest.raises(HostUnreachable, match=r"no SSH server: it says '<!DOCTYPE HTML>'$"):
            HostConnection(address_of(server.server_port, tmp_path))
        assert time.monotonic() - began_s < patience_s
        server.shutdown()


@pytest.mark.fault(
    group="hosts",
    fault="a port without an SSH server: silent, or another one's",
    seen="what it says, within 10 s",
)
@pytest.mark.parametrize(
    ("greeting_bytes", "said"),
    [
        (b"", "no SSH server: it is silent for 1 s"),
        (b"220 mail.lab ESMTP\r\n", "no SSH server: it says '220 mail.lab ESMTP'"),
        (None, "accepts and hangs up at once"),
        (b"SSH-1.5-old\r\n", "too old or too strict"),
    ],
)
def test_a_port_that_is_not_ssh_is_told_in_time(tmp_path, patience_s, greeting_bytes, said):
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def serve() -> None:
            connection, _ = server.accept()
            kept.append(connection)
            if greeting_bytes is None:
                connection.close()
            else:
                connection.sendall(greeting_bytes)

        serving = threading.Thread(target=serve)
        serving.start()
        began_s = time.monotonic()
        with pytest.raises(HostUnreachable, match=said) as caught:
            HostConnection(address_of(server.getsockname()[1], tmp_path))
        assert "\n" not in str(caught.value)
        assert time.monotonic() - began_s < patience_s
        serving.join()
        for connection in kept:
            connection.close()


def test_a_name_that_there_is_not_is_told(tmp_path):
    address = replace(address_of(22, tmp_path), address="no-such-host.invalid")
    with pytest.raises(HostUnreachable, match="no such name"):
        HostConnection(address)

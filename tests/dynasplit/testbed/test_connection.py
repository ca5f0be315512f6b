"""SSH to emulated hosts: strict keys, clear errors, nothing left over."""

import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dynasplit.core.errors import (
    ConnectionLost,
    HostKeyRefused,
    HostProgramFailed,
    HostUnreachable,
    LoginRefused,
    TestbedError,
)
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.meter import MeterStream
from dynasplit.testbed.programs import push_programs, python_of
from tests.processes import left

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    before = os.environ.get("DYNASPLIT_CACHE")
    os.environ["DYNASPLIT_CACHE"] = str(cache)
    with loopback_hosts(HostAddress(), HostAddress(), profile="quick") as both:
        yield both
    if before is None:
        del os.environ["DYNASPLIT_CACHE"]


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


def test_a_command_runs_and_its_failure_is_named(hosts):
    host = HostConnection(hosts[0])
    assert host.ask("echo $((6 * 7))").strip() == "42"
    with pytest.raises(HostProgramFailed, match=r"'ls /nowhere' exited with 2: .*No such file"):
        host.ask("ls /nowhere")
    host.close()


def test_what_a_command_says_after_its_output_ended_arrives_too(hosts):
    host = HostConnection(hosts[0])
    with pytest.raises(HostProgramFailed, match=r"exited with 3: late$"):
        host.ask("exec 1>&-; sleep 0.2; echo late >&2; exit 3")
    host.close()


@pytest.mark.fault(
    group="agents",
    fault="an agent's port at which nobody is any more, when it is first called",
    seen="`nothing answers at its port ..., where its agent was`",
)
def test_a_port_where_nobody_is_is_no_matter_of_forwarding(hosts):
    host = HostConnection(hosts[0])
    with (
        pytest.raises(TestbedError, match="nothing answers at its port 1, where its agent was"),
        host.forward(1),
    ):
        pass
    host.close()


@pytest.mark.parametrize("heeds", ["its input's end", "nothing"])
def test_a_channel_that_is_closed_before_its_program_has_ended_leaves_the_others(hosts, heeds):
    host = HostConnection(hosts[0])
    lasting = host.start("cat")
    ends = "& cat; kill $!" if heeds != "nothing" else "& sleep 2; kill $!"
    talking = host.start(f"while sleep 0.01; do echo on; done {ends}")
    assert talking.recv(3) == b"on\n"
    talking.close()
    time.sleep(0.5 if heeds != "nothing" else 2.5)
    assert host.ask("echo here").strip() == "here"
    lasting.sendall(b"still\n")
    assert lasting.recv(6) == b"still\n"
    host.close()


@pytest.mark.fault(
    group="hosts",
    fault="a host that does not take our key",
    seen="`does not take the key`, and where it is added",
)
def test_a_refused_key_says_what_to_do(hosts, tmp_path):
    make_key(tmp_path / "other")
    stranger = replace(hosts[0], key_file=str(tmp_path / "other"))
    with pytest.raises(LoginRefused, match=r"does not take the key .*authorized_keys"):
        HostConnection(stranger)


@pytest.mark.fault(
    group="hosts",
    fault="a host with another key than the one known",
    seen="`another key ... do not log in`",
    kept="nothing is sent",
)
def test_an_unexpected_host_key_is_refused(hosts, tmp_path):
    kind, key, *_ = make_key(tmp_path / "fake").split()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{hosts[0].port} {kind} {key}\n")
    with pytest.raises(HostKeyRefused, match=r"another key .* do not log in"):
        HostConnection(replace(hosts[0], known_hosts=str(known)))


def test_an_unknown_host_key_is_refused(hosts, tmp_path):
    (tmp_path / "known_hosts").write_text("")
    with pytest.raises(HostKeyRefused, match="no key is known for this host"):
        HostConnection(replace(hosts[0], known_hosts=str(tmp_path / "known_hosts")))


@pytest.mark.fault(
    group="hosts",
    fault="a host that does not answer",
    seen="its address and `no answer`",
)
def test_a_host_that_does_not_answer_is_named(hosts):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        silent = replace(hosts[0], port=unused.getsockname()[1])
        with pytest.raises(HostUnreachable, match=rf"127\.0\.0\.1:{silent.port}: no answer"):
            HostConnection(silent)


def test_programs_are_pushed_once_for_each_state_of_the_source(hosts):
    host = HostConnection(hosts[0])
    folder = push_programs(host)
    stamp = host.ask(f"stat -c %Y {folder}/hosts/agents/agent.py")
    assert push_programs(host) == folder
    assert host.ask(f"stat -c %Y {folder}/hosts/agents/agent.py") == stamp
    host.close()


def test_a_meter_that_is_none_says_so(hosts):
    host = HostConnection(hosts[0])
    with pytest.raises(HostProgramFailed, match="'thermometer' asked; there are: board"):
        MeterStream(host, MeterSpec("thermometer"), push_programs(host))
    host.close()


@pytest.mark.fault(
    group="link",
    fault="an SSH connection that breaks",
    seen="`the SSH connection has ended, and ... with it`, whatever was asked through it",
)
def test_a_connection_that_breaks_is_named_by_whatever_went_through_it(hosts, tmp_path):
    host = HostConnection(hosts[0])
    programs = push_programs(host)
    meter = MeterStream(host, MeterSpec("board"), programs)
    host.transport.sock.shutdown(socket.SHUT_RDWR)
    gone = re.escape(f"{hosts[0]}: the SSH connection has ended, and ")
    (tmp_path / "file").touch()
    for through in (
        lambda: host.ask("true"),
        lambda: host.start("true"),
        lambda: host.feed("true"),
        lambda: host.put(tmp_path / "file", str(tmp_path / "there")),
    ):
        with pytest.raises(
            ConnectionLost, match=rf"^{gone}what ran through it with it; .* goes on$"
        ):
            through()
    with pytest.raises(ConnectionLost, match=f"^{gone}the meter 'board' with it"):
        meter.trace("wall", 0, 1, 10.0)
    with pytest.raises(ConnectionLost, match="the meter 'board' with it"):
        meter.make_ready()
    host.close()


def test_the_client_key_opens_nothing_by_password(hosts):
    import paramiko

    client = paramiko.SSHClient()
    client.load_host_keys(hosts[0].known_hosts)
    with pytest.raises(paramiko.SSHException):
        client.connect(
            "127.0.0.1",
            hosts[0].port,
            username=hosts[0].user,
            password="guess",
            look_for_keys=False,
            allow_agent=False,
        )
    client.close()


CONTROLLER = """
import sys, time
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.programs import push_programs, python_of
from dynasplit.testbed.meter import MeterStream
with loopback_hosts(HostAddress(), HostAddress(), profile="quick") as (edge, _):
    host = HostConnection(edge)
    MeterStream(host, MeterSpec("board"), push_programs(host))
    print(edge.key_file, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["kill -9", "closed"])
@pytest.mark.fault(
    group="agents",
    fault="a controller that is killed",
    seen="nothing more",
    kept="no program on a host outlives it, and no private folder",
)
def test_nothing_outlives_the_controller(how):
    controller = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER], stdout=subprocess.PIPE, text=True
    )
    folder = Path(controller.stdout.readline().strip()).parent
    family = psutil.Process(controller.pid).children(recursive=True)
    names = [" ".join(p.cmdline()) for p in family]
    assert sum("hosts.ssh_server" in name for name in names) == 2
    assert any("hosts.agents.meter_stream" in name for name in names)
    if how == "kill -9":
        controller.kill()
    else:
        controller.terminate()
    controller.wait()
    assert left(family, within_s=10) == []
    until = time.monotonic() + 10
    while time.monotonic() < until and folder.exists():
        time.sleep(0.1)
    assert not folder.exists()


def test_an_interpreter_may_lie_in_the_home_folder_of_the_host_s_user(tmp_path):
    """The host's shell puts its own user's home folder in; all else is taken word by word."""
    (tmp_path / "my env").mkdir()
    (tmp_path / "my env/python").symlink_to(sys.executable)
    for named in ("~/my env/python", f"{tmp_path}/my env/python"):
        words = f"{python_of(HostAddress(python=named), '/programs')} -c 'print(7)'"
        told = subprocess.run(
            ["sh", "-c", words], env={"HOME": str(tmp_path)}, capture_output=True, text=True
        )
        assert told.stdout == "7\n", told.stderr

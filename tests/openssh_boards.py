"""Hosts on Debian's OpenSSH servers, each with an emulated board below it."""

import getpass
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import end_board, run_board
from tests.openssh import SSHD, free_port, keygen

needs_openssh = pytest.mark.skipif(not SSHD.exists(), reason="openssh-server is missing")


class OpenSshHost:
    """One sshd on a loopback port, with an emulated board below it.

    Attributes:
        known: its line of known_hosts.
        server: the sshd itself, that starts another one for each connection.
    """

    def __init__(self, role: str, folder: Path, authorized: str) -> None:
        self.port, self.folder = free_port(), folder
        self.board, variables = run_board(role, "quick", folder)
        host_key = keygen(folder / "host_key")
        self.known = f"[127.0.0.1]:{self.port} {host_key}"
        (folder / "authorized_keys").write_text(authorized)
        settings = " ".join(f"{name}={value}" for name, value in variables.items())
        (folder / "sshd_config").write_text(
            f"""
            Port {self.port}
            ListenAddress 127.0.0.1
            HostKey {folder}/host_key
            AuthorizedKeysFile {folder}/authorized_keys
            PidFile {folder}/pid
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp
            SetEnv {settings}
            """
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.log = (folder / "sshd.log").open("wb")
        self.serve()

    def serve(self) -> None:
        """Start the sshd, also after it was killed."""
        (self.folder / "pid").unlink(missing_ok=True)
        self.server = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")], stderr=self.log
        )
        until = time.monotonic() + 10
        while not (self.folder / "pid").exists():
            assert time.monotonic() < until, (self.folder / "sshd.log").read_text()
            time.sleep(0.02)

    def kill(self) -> list[psutil.Process]:
        """SIGKILL to the sshd and those of its connections; returns the programs that these ran."""
        server = psutil.Process(self.server.pid)
        below = server.children(recursive=True)
        sshds = [p for p in below if p.name().startswith("sshd")]
        for process in (server, *sshds):
            process.send_signal(signal.SIGKILL)
        self.server.wait(10)
        return [p for p in below if p not in sshds]

    def file(self, name: str) -> Path:
        """A file of the frequency policy of its board."""
        return self.folder / "root/sys/devices/system/cpu/cpufreq/policy0" / name

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(10)
        self.log.close()
        print(self.folder.name, (self.folder / "sshd.log").read_text(), sep=": ")  # if it failed
        end_board(self.board)


@pytest.fixture
def openssh_hosts(tmp_path) -> Iterator[dict[str, OpenSshHost]]:
    """An edge and a cloud host, by role; keys in the test's folder."""
    authorized = keygen(tmp_path / "client_key")
    both = {role: OpenSshHost(role, tmp_path / role, authorized) for role in ("edge", "cloud")}
    (tmp_path / "known_hosts").write_text("".join(host.known for host in both.values()))
    yield both
    for host in both.values():
        host.close()


def named(hosts: dict[str, OpenSshHost], profile: str = "quick") -> list[str]:
    """The command's words that name these hosts."""
    words = ["hosts=lab", f"hosts.profile={profile}"]
    for role, host in hosts.items():
        keys = host.folder.parent
        words += [
            f"hosts.{role}.address=127.0.0.1",
            f"hosts.{role}.link_address=127.0.0.1",
            f"hosts.{role}.port={host.port}",
            f"hosts.{role}.user={getpass.getuser()}",
            f"hosts.{role}.key_file={keys}/client_key",
            f"hosts.{role}.known_hosts={keys}/known_hosts",
            f"hosts.{role}.python={sys.executable}",
            f"hosts.{role}.meter=board",
        ]
    return words

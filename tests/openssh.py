"""Debian's OpenSSH server on a loopback port, with its own keys, home folder and login shell."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from dynasplit.testbed.address import HostAddress

SSHD = Path("/usr/sbin/sshd")
WRAPPER = next(Path("/usr/lib").glob("*/libnss_wrapper.so"), None)
"""Gives a program another list of users than /etc/passwd; None: it is not installed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "") -> str:
    """Make a key; returns its public part as a line."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", path.name, "-f", str(path)]
    subprocess.run(command, check=True)
    return path.with_name(f"{path.name}.pub").read_text()


class OpenSshServer:
    """One sshd, unprivileged where the tests are.

    Attributes:
        port: of it. home: of who logs in, where the login shell is not the machine's.
        host_keys: kind to the line without a name. address: to log in with everything stated.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shell: str | None = None,
        kinds: tuple[str, ...] = ("ed25519",),
        settings: str = "",
        client_key: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        key = client_key or folder / "client_key"
        if not key.exists():
            keygen(key)
        self.host_keys = {kind: keygen(folder / f"host_{kind}", kind) for kind in kinds}
        (folder / "authorized_keys").write_text(key.with_name(f"{key.name}.pub").read_text())
        (folder / "known_hosts").write_text(self.known())
        (folder / "sshd_config").write_text(self._configuration(settings))
        self.home = folder / "home"
        self.address = HostAddress(
            address="127.0.0.1",
            port=self.port,
            user=getpass.getuser(),
            key_file=str(key),
            known_hosts=str(folder / "known_hosts"),
            python=sys.executable,
            heeds_ssh_config=False,
        )
        self._start(self._users(shell) if shell else {})

    def known(self, *kinds: str) -> str:
        """Lines of known_hosts with the server's keys of these kinds, or of all."""
        named = kinds or tuple(self.host_keys)
        return "".join(f"[127.0.0.1]:{self.port} {self.host_keys[kind]}" for kind in named)

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(10)
        self.log.close()

    def _configuration(self, settings: str) -> str:
        host_keys = "\n".join(f"HostKey {self.folder}/host_{kind}" for kind in self.host_keys)
        sftp = "" if "Subsystem" in settings else "Subsystem sftp internal-sftp"
        return f"""
            {settings}
            Port {self.port}
            ListenAddress 127.0.0.1
            {host_keys}
            AuthorizedKeysFile {self.folder}/authorized_keys
            PidFile {self.folder}/pid
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            {sftp}
        """

    def _users(self, shell: str) -> dict[str, str]:
        """The machine's users, of whom the one who logs in has this shell and a home of its own."""
        self.home.mkdir()
        lines = []
        for line in Path("/etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == getpass.getuser():
                fields[5:] = [str(self.home), shutil.which(shell) or shell]
            lines.append(":".join(fields))
        (self.folder / "passwd").write_text("\n".join(lines) + "\n")
        return {
            "LD_PRELOAD": str(WRAPPER),
            "NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
            "NSS_WRAPPER_GROUP": "/etc/group",
        }

    def _start(self, variables: dict[str, str]) -> None:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.log = (self.folder / "sshd.log").open("wb")
        self.server = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", self.folder / "sshd_config"],
            stderr=self.log,
            env=os.environ | variables,
        )
        until_s = time.monotonic() + 10
        while not (self.folder / "pid").exists():
            assert time.monotonic() < until_s, (self.folder / "sshd.log").read_text()
            time.sleep(0.02)

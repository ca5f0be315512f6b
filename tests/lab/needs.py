"""What the lab needs of this machine, and what of it is missing."""

import os
import shutil
import subprocess
import sys

from tests.lab.cgroup import no_groups

_COMMANDS = {
    "ip": "iproute2",
    "tc": "iproute2",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "pivot_root": "util-linux",
    "mount": "mount",
}
_TRIAL = """
mount -t tmpfs lab /mnt && mkdir /mnt/upper /mnt/work /mnt/root &&
mount -t overlay lab -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root &&
mount -t sysfs lab /mnt/root/sys && mount -t proc lab /mnt/root/proc
"""
UNSHARE = ("--mount", "--uts", "--ipc", "--net", "--pid", "--time", "--fork", "--kill-child")


def missing() -> str | None:
    """What is missing here, in a line; None: nothing."""
    if sys.platform != "linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root"
    packages = sorted({p for command, p in _COMMANDS.items() if which(command) is None})
    if packages:
        return f"the lab needs {', '.join(packages)}"
    tried = subprocess.run(
        ["unshare", *UNSHARE, "sh", "-c", _TRIAL], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"the lab needs namespaces and overlays: {' '.join(tried.stderr.split())}"
    return no_groups()


def which(command: str) -> str | None:
    """Where a command is, also of those for administrators."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

"""The files of a host's own /etc: its users, its name, its SSH server, its login's key."""

from typing import NamedTuple

USER = "lab"
USER_ID = 61_001
HOME = f"/home/{USER}"


class HostFile(NamedTuple):
    """A file on a host."""

    text: str
    mode: int = 0o644
    owner: int = 0


def files_of(hostname: str, authorized: str, host_key: str, *, sudo: bool) -> dict[str, HostFile]:
    """The files by their paths.

    Args:
        hostname: the host's name.
        authorized: the public key that may log in.
        host_key: the SSH server's private key.
        sudo: the login may become root, without a password.
    """
    users = {
        "root": (0, "/root", "/bin/sh"),
        "sshd": (101, "/run/sshd", "/usr/sbin/nologin"),
        USER: (USER_ID, HOME, "/bin/bash"),
        "nobody": (65_534, "/nonexistent", "/usr/sbin/nologin"),
    }
    groups = {"root": 0, "tty": 5, USER: USER_ID, "nogroup": 65_534}
    passwd = [
        f"{u}:x:{i}:{0 if i == 0 else min(i, 65_534)}::{h}:{s}" for u, (i, h, s) in users.items()
    ]
    files = {
        "/etc/passwd": HostFile("\n".join(passwd) + "\n"),
        "/etc/group": HostFile("".join(f"{name}:x:{i}:\n" for name, i in groups.items())),
        # without PAM, sshd takes "!" for a locked account; "*" is one without a password
        "/etc/shadow": HostFile("".join(f"{user}:*:19000::::::\n" for user in users), 0o640),
        "/etc/gshadow": HostFile("".join(f"{name}:*::\n" for name in groups), 0o640),
        "/etc/hostname": HostFile(f"{hostname}\n"),
        "/etc/hosts": HostFile(f"127.0.0.1 localhost\n127.0.1.1 {hostname}\n"),
        "/etc/nsswitch.conf": HostFile(
            "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
        ),
        "/etc/ssh/host_key": HostFile(host_key, 0o600),
        "/etc/ssh/sshd_config": HostFile(_SSHD),
        f"{HOME}/.ssh/authorized_keys": HostFile(authorized, 0o600, USER_ID),
    }
    if sudo:
        files["/etc/sudoers.d/lab"] = HostFile(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    return files


_SSHD = f"""
Port 22
HostKey /etc/ssh/host_key
PidFile none
AllowUsers {USER}
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
"""

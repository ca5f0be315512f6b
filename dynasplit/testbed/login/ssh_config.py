"""The settings of a host in the user's ssh configuration, as OpenSSH's client understands it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dynasplit.core.errors import ConfigurationError

Settings = Mapping[str, list[str]]
"""Each setting's values, by its name in lower case; one that nothing is said about is absent."""

_PATIENCE_S = 10
_FILES = (Path("~/.ssh/config"), Path("/etc/ssh/ssh_config"))
_SEVERAL = "include"


def ssh_settings(host: str, user: str | None, port: int | None) -> Settings:
    """What `ssh` would heed for a host: asked of OpenSSH's client, else read by paramiko.

    Args:
        host: name, alias or number, without user and port.
        user: where it is stated; Match lines may depend on it.
        port: likewise.

    Raises:
        ConfigurationError: the configuration files cannot be used; in ssh's own words.
    """
    program = shutil.which("ssh")
    return _read_here(host) if program is None else _asked(program, host, user, port)


def _asked(program: str, host: str, user: str | None, port: int | None) -> Settings:
    """What `ssh -G` prints: a setting a line."""
    stated = [*(["-l", user] if user else []), *(["-p", str(port)] if port else [])]
    try:
        told = subprocess.run(
            [program, "-T", "-G", *stated, "--", host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{host}: `ssh -G` cannot be asked: {error}") from error
    if told.returncode:
        why = " / ".join(told.stderr.split("\n")).strip(" /\r")
        raise ConfigurationError(f"{host}: ssh cannot use its configuration: {why}")
    settings: dict[str, list[str]] = {}
    for line in told.stdout.splitlines():
        name, _, value = line.partition(" ")
        settings.setdefault(name.lower(), []).append(value)
    return settings


def _read_here(host: str) -> Settings:
    """What the files say, where OpenSSH's client is not installed."""
    import paramiko

    config = paramiko.SSHConfig()
    try:
        for path in (path.expanduser() for path in _FILES):
            if not path.is_file():
                continue
            text = path.read_text(errors="replace")
            if path.parent.name == ".ssh" and any(map(_includes, text.splitlines())):
                raise ConfigurationError(
                    f"{path} includes other files, which needs OpenSSH's client here: install it"
                )
            config.parse(text.splitlines())
        found = config.lookup(host)
    except (OSError, paramiko.SSHException, KeyError, ValueError) as error:
        raise ConfigurationError(f"{host}: the ssh configuration is unusable: {error}") from error
    return {
        name: list(value) if isinstance(value, list) else [str(value)]
        for name, value in found.items()
        if value is not None
    }


def _includes(line: str) -> bool:
    return line.split("=")[0].strip().lower().split(" ")[0] == _SEVERAL

"""Where a host is logged in to, and with what: settled by ssh's configuration where it is open."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from dynasplit.core.errors import ConfigurationError
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.login.address_text import parse_address
from dynasplit.testbed.login.ssh_config import Settings, ssh_settings

T = TypeVar("T", str, int)

SSH_PORT = 22
_MOST_JUMPS = 8
_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True)
class Destination:
    """One login.

    Attributes:
        name: as it was written, without user and port.
        host: the name or number to connect to. port: likewise. user: to log in as.
        key_files: private keys, in the order in which they are tried.
        is_key_named: the configuration states the key: no other one is tried.
        keeps_to_files: of an agent's keys only those of `key_files` are tried.
        agent: the socket of an agent; None: there is none.
        known_hosts: files with keys of hosts.
        is_known_hosts_named: the configuration states the file, which must be readable then.
        known_as: the host's names in these files; the first one that is found there counts.
        jumps: hosts on the way to it, in order, as ssh writes them.
        proxy_command: a command whose input and output lead to it; None: there is none.
    """

    name: str
    host: str
    port: int
    user: str
    key_files: tuple[str, ...] = ()
    is_key_named: bool = False
    keeps_to_files: bool = False
    agent: str | None = None
    known_hosts: tuple[str, ...] = ()
    is_known_hosts_named: bool = False
    known_as: tuple[str, ...] = ()
    jumps: tuple[str, ...] = ()
    proxy_command: str | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{self.user}@{host}:{self.port}"
        return place if self.name.lower() == self.host.lower() else f"{self.name} ({place})"


def destination_of(address: HostAddress) -> Destination:
    """The login that an address means; what it states wins over ssh's configuration.

    Raises:
        ConfigurationError: the address has no form that there is, contradicts its user or port,
            or ssh's configuration cannot be used.
    """
    parts = parse_address(address.address)
    user = _one("user", address.address, parts.user, address.user)
    stated = _one("port", address.address, parts.port, address.port)
    settings = ssh_settings(parts.host, user, stated) if address.heeds_ssh_config else {}
    host = _first(settings, "hostname") or parts.host
    port = stated or int(_first(settings, "port") or SSH_PORT)
    user = user or _first(settings, "user") or getpass.getuser()
    alias = _first(settings, "hostkeyalias")
    tokens = _tokens(parts.host, host, port, user, alias or host)
    if address.key_file:
        key_files: tuple[str, ...] = (address.key_file,)
    else:
        named = settings.get("identityfile") or [f"~/.ssh/{name}" for name in _KEYS]
        key_files = tuple(_path(file, tokens) for file in named if file != "none")
    if address.known_hosts:
        known_hosts: tuple[str, ...] = (address.known_hosts,)
    else:
        known_hosts = tuple(_path(file, tokens) for file in _known_hosts_files(settings))
    jumps, command = _first(settings, "proxyjump"), _first(settings, "proxycommand")
    return Destination(
        name=parts.host,
        host=host,
        port=port,
        user=user,
        key_files=key_files,
        is_key_named=bool(address.key_file),
        keeps_to_files=bool(address.key_file) or _first(settings, "identitiesonly") == "yes",
        agent=_agent(settings, tokens),
        known_hosts=known_hosts,
        is_known_hosts_named=bool(address.known_hosts),
        known_as=_known_as(host, port, alias),
        jumps=tuple(hop.strip() for hop in jumps.split(",")) if jumps else (),
        proxy_command=_expanded(command, tokens) if command else None,
    )


def way_to(destination: Destination, beyond: tuple[str, ...] = ()) -> list[Destination]:
    """The logins that lead to a destination, one through the other, itself the last.

    Raises:
        ConfigurationError: a host's way leads through itself, or through too many.
    """
    if not destination.jumps:
        return [destination]
    if destination.name in beyond or len(beyond) > _MOST_JUMPS:
        raise ConfigurationError(f"{destination}: ssh's ProxyJump leads through it again")
    first, *others = (destination_of(HostAddress(address=hop)) for hop in destination.jumps)
    between = [replace(hop, jumps=(), proxy_command=None) for hop in others]
    return [*way_to(first, (*beyond, destination.name)), *between, destination]


def _one(what: str, text: str, within: T | None, beside: T | None) -> T | None:
    """A value that may be said within the address, or beside it."""
    if within is not None and beside is not None and within != beside:
        raise ConfigurationError(
            f"address {text!r} says {what} {within}, and {what}={beside}; allowed: one of the two"
        )
    return beside if within is None else within


def _first(settings: Settings, name: str) -> str | None:
    """A setting's value; None: nothing is said, or that there is none."""
    value = settings.get(name, ["none"])[0]
    return None if value.lower() == "none" or not value else value


def _known_hosts_files(settings: Settings) -> list[str]:
    """The files with keys of hosts: the user's, then the machine's."""
    named = ("userknownhostsfile", "globalknownhostsfile")
    if not any(name in settings for name in named):
        return list(_KNOWN_HOSTS)
    lists = " ".join(settings[name][0] for name in named if name in settings)
    # ssh prints names with spaces as they are; each of its names begins so
    return [file for file in re.split(r"\s+(?=[/~])", lists.strip()) if file != "none"]


def _known_as(host: str, port: int, alias: str | None) -> tuple[str, ...]:
    if alias:
        return (alias.lower(),)
    name = host.lower()
    return (name,) if port == SSH_PORT else (f"[{name}]:{port}", name)


def _agent(settings: Settings, tokens: Mapping[str, str]) -> str | None:
    named = settings.get("identityagent", ["SSH_AUTH_SOCK"])[0]
    if named == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK")
    if named.startswith("$"):
        return os.environ.get(named.strip("${}"))
    return None if named == "none" else _path(named, tokens)


def _tokens(name: str, host: str, port: int, user: str, known_as: str) -> dict[str, str]:
    """The words that stand behind `%` in ssh's configuration."""
    here = socket.gethostname()
    return {
        "%": "%",
        "h": host,
        "p": str(port),
        "r": user,
        "n": name,
        "k": known_as,
        "u": getpass.getuser(),
        "d": str(Path.home()),
        "l": here,
        "L": here.split(".")[0],
    }


def _expanded(text: str, tokens: Mapping[str, str]) -> str:
    return re.sub("%(.)", lambda found: tokens.get(found[1], found[0]), text)


def _path(text: str, tokens: Mapping[str, str]) -> str:
    named = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), text)
    return os.path.expanduser(_expanded(named, tokens))  # noqa: PTH111 -- fails without such a user

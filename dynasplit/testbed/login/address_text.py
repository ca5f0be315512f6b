"""A host's address as people write it: `pi@edge.lab:2222`, `[::1]:22`, `ssh://pi@edge.lab`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Never

from dynasplit.core.errors import ConfigurationError

FORMS = "[USER@]HOST[:PORT], [USER@][IPV6]:PORT, IPV6, ssh://[USER@]HOST[:PORT], an alias of ssh"
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]*)\](?::(?P<port>.*))?", re.DOTALL)
_LAST_PORT = 65535


@dataclass(frozen=True)
class AddressParts:
    """An address taken apart.

    Attributes:
        host: name, alias or number; an IPv6 one without brackets.
        user: None: not said. port: likewise.
    """

    host: str
    user: str | None = None
    port: int | None = None


def parse_address(text: str) -> AddressParts:
    """Take an address apart.

    Raises:
        ConfigurationError: it has none of the forms; says which there are.
    """
    rest = _without_scheme(text)
    user, at, rest = rest.rpartition("@")
    if at and not user:
        _refuse(text, "no user before @")
    if ":" in user:
        _refuse(text, "a password, or a second name, before @; hosts are reached with keys")
    host, port = _host_and_port(text, rest)
    if not host:
        _refuse(text, "no host")
    for word in (host, user):
        if word.startswith("-") or any(c.isspace() or not c.isprintable() for c in word):
            _refuse(text, f"{word!r} can be neither host nor user")
    if "/" in host or "\\" in host:
        _refuse(text, "a path")
    return AddressParts(host, user or None, port)


def _without_scheme(text: str) -> str:
    found = _SCHEME.fullmatch(text)
    if found is None:
        return text
    if found["scheme"].lower() != "ssh":
        _refuse(text, f"{found['scheme']}:// is not SSH's")
    return found["rest"].removesuffix("/")


def _host_and_port(text: str, rest: str) -> tuple[str, int | None]:
    bracketed = _BRACKETED.fullmatch(rest)
    if bracketed is not None:
        if not _is_ipv6(bracketed["host"]):
            _refuse(text, f"{bracketed['host']!r} in brackets is no IPv6 address")
        said = bracketed["port"]
        return bracketed["host"], None if said is None else _port(text, said)
    if "[" in rest or "]" in rest:
        _refuse(text, "brackets that do not hold an IPv6 address")
    if rest.count(":") > 1:
        if not _is_ipv6(rest):
            _refuse(text, "several colons and no IPv6 address")
        return rest, None
    host, colon, said = rest.partition(":")
    return host, _port(text, said) if colon else None


def _port(text: str, said: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", said) or not 0 < int(said) <= _LAST_PORT:
        _refuse(text, f"port {said!r}; allowed: 1 to {_LAST_PORT}")
    return int(said)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _refuse(text: str, why: str) -> Never:
    raise ConfigurationError(f"address {text!r}: {why}; allowed: {FORMS}")

"""Checks the key that a host shows: only one that is known for it is taken."""

from __future__ import annotations

import base64
import hashlib
import shlex

import paramiko

from dynasplit.core.errors import HostKeyRefused
from dynasplit.testbed.login.destination import SSH_PORT, Destination
from dynasplit.testbed.login.known_hosts import (
    AUTHORITY,
    REVOKED,
    KnownKey,
    kinds_first,
    known_keys,
)


class HostKeyCheck(paramiko.MissingHostKeyPolicy):
    """Refuses a host whose key is not known.

    paramiko keeps no keys of hosts beside it, so it is asked about each one.
    """

    def __init__(self, destination: Destination) -> None:
        """Raises HostKeyRefused if the file that is to hold the key cannot be read."""
        self._destination = destination
        self._known = self._read()

    def transport(self, sock: object, **settings: object) -> paramiko.Transport:
        """A transport that asks for a key of a kind that is known, if the host has one."""
        made = paramiko.Transport(sock, **settings)  # type: ignore[arg-type]
        options = made.get_security_options()
        options.key_types = kinds_first(options.key_types, self._known)
        return made

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Return if the host's key is known.

        Raises:
            HostKeyRefused: it is unknown, revoked, or another one.
        """
        kind, blob = key.get_name(), key.asbytes()
        same = [known for known in self._known if known.blob == blob]
        revoked = next((known for known in same if known.marker == REVOKED), None)
        if revoked is not None:
            raise HostKeyRefused(
                f"{self._destination}: the host shows a key that is marked @revoked in "
                f"{revoked.place} ({kind} {fingerprint(blob)}): do not log in"
            )
        if any(not known.marker for known in same):
            return
        plain = [known for known in self._known if not known.marker]
        other = next((known for known in plain if known.kind == kind), None)
        if other is not None:
            raise HostKeyRefused(
                f"{self._destination}: the host shows another key ({kind} {fingerprint(blob)}) "
                f"than the one known for it ({fingerprint(other.blob)}, {other.place}). If the "
                "host was set up anew, replace that line; else do not log in"
            )
        raise HostKeyRefused(self._unknown(kind, blob, plain))

    def _unknown(self, kind: str, blob: bytes, plain: list[KnownKey]) -> str:
        """In words: no key of this kind is known, and how it is made known."""
        where = self._destination
        authority = next((known for known in self._known if known.marker == AUTHORITY), None)
        if plain:
            why = f"known are only keys of kinds that the host does not show ({_listed(plain)}); "
        elif authority is not None:
            why = f"{authority.place} names an authority, and certificates of hosts are not read; "
        else:
            why = ""
        return (
            f"{where}: no key is known for this host; {why}it shows {kind} {fingerprint(blob)}. "
            "Compare that with what `ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` says on the host, "
            f"then: {self._make_known(kind)}"
        )

    def _make_known(self, kind: str) -> str:
        """The line that writes the host's key where it is looked for."""
        where, name = self._destination, self._destination.host.lower()
        is_met_directly = not where.jumps and where.proxy_command is None
        if not is_met_directly or where.known_as[-1] != name:
            return f"ssh {shlex.quote(where.name)}"  # keyscan knows neither jumps nor HostKeyAlias
        port = "" if where.port == SSH_PORT else f"-p {where.port} "
        file = shlex.quote(where.known_hosts[0]) if where.known_hosts else "~/.ssh/known_hosts"
        short = kind.removeprefix("ssh-").split("-")[0]
        return f"ssh-keyscan {port}-t {short} {shlex.quote(where.host)} >> {file}"

    def _read(self) -> list[KnownKey]:
        """The lines that name the host, in all files: with its port, and if need be without."""
        found: list[KnownKey] = []
        for name in self._destination.known_as:
            for file in self._destination.known_hosts:
                found += self._lines(file, name)
            if any(not key.marker for key in found):
                break
        return found

    def _lines(self, file: str, name: str) -> list[KnownKey]:
        try:
            return list(known_keys(file, name))
        except OSError as error:
            if not self._destination.is_known_hosts_named:
                return []
            raise HostKeyRefused(
                f"{self._destination}: known_hosts file {file} cannot be read "
                f"({error.strerror}); write the host's key there (ssh-keyscan, then compare)"
            ) from error


def fingerprint(blob: bytes) -> str:
    """Of a public key, as ssh-keygen shows it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def _listed(known: list[KnownKey]) -> str:
    return ", ".join(dict.fromkeys(key.kind for key in known))

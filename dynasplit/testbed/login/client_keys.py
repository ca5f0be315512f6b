"""Logs in with keys, in the order of ssh: an agent's, then files; never with passwords."""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko.agent import AgentKey, AgentSSH

from dynasplit.core.errors import LoginRefused
from dynasplit.testbed.login.destination import Destination
from dynasplit.testbed.login.host_key import fingerprint

_KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_OPENSSH_MAGIC = b"openssh-key-v1\0"
_AGENT_S = 5.0


@dataclass
class _Tried:
    """What came of the keys that there are."""

    refused: list[str] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class Agent(AgentSSH):
    """The keys of a running ssh-agent; none where there is no agent."""

    def __init__(self, path: str | None) -> None:
        super().__init__()
        if path is None:
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_AGENT_S)
        try:
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]
        except (OSError, paramiko.SSHException, struct.error):  # an agent that is gone
            connection.close()

    def close(self) -> None:
        """Hang up."""
        self._close()  # type: ignore[attr-defined]


class KeysOnly:
    """The one way to log in: paramiko's `auth_strategy`.

    Attributes:
        destination: with its key files and its agent.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    def authenticate(self, transport: paramiko.Transport) -> None:
        """Log in with the first key that the host takes.

        Raises:
            LoginRefused: it takes none, or there is none; says which it is.
        """
        tried = _Tried()
        with contextlib.closing(Agent(self.destination.agent)) as agent:
            for name, key in self._keys(agent, tried):
                if self._is_taken(transport, name, key, tried):
                    return
        raise LoginRefused(f"{self.destination}: {self._refusal(tried)}")

    def _keys(self, agent: Agent, tried: _Tried) -> Iterator[tuple[str, paramiko.PKey]]:
        """Each key with its name for messages; those of the agent that are named come first."""
        files = [file for file in self.destination.key_files if self._is_there(file, tried)]
        public = {file: _public_part(file) for file in files}
        held = agent.get_keys()
        for key in held:
            if key.asbytes() in public.values():
                yield _named(key), key
        for key in held if not self.destination.keeps_to_files else ():
            if key.asbytes() not in public.values():
                yield _named(key), key
        in_agent = [key.asbytes() for key in held]
        for file in files:
            if public[file] not in in_agent:
                loaded = _load(file, tried)
                if loaded is not None:
                    yield f"{file} ({fingerprint(loaded.asbytes())})", loaded

    def _is_there(self, file: str, tried: _Tried) -> bool:
        try:
            Path(file).stat()
        except OSError as error:
            if self.destination.is_key_named:
                tried.unreadable.append(f"{file}: {error.strerror}")
            return False
        return True

    def _is_taken(
        self, transport: paramiko.Transport, name: str, key: paramiko.PKey, tried: _Tried
    ) -> bool:
        where = self.destination
        try:
            more = transport.auth_publickey(where.user, key)
        except paramiko.BadAuthenticationType as error:
            raise LoginRefused(
                f"{where}: the host takes no keys, only {', '.join(error.allowed_types)}; "
                "passwords are not used: allow PubkeyAuthentication in its sshd_config"
            ) from error
        except paramiko.AuthenticationException as error:
            tried.refused.append(name)
            if transport.is_active():
                return False
            raise LoginRefused(
                f"{where}: the host hung up after {len(tried.refused)} keys, the last {name}; say "
                "which one it takes: key_file=FILE, or IdentityFile with IdentitiesOnly for ssh"
            ) from error
        if more:
            raise LoginRefused(
                f"{where}: the host takes the key {name} and wants {', '.join(more)} as well; "
                "allowed: logins that a key is enough for"
            )
        return True

    def _refusal(self, tried: _Tried) -> str:
        """Why no key was taken, and what to do."""
        where = self.destination
        locked = ", ".join(tried.encrypted)
        unlock = f"unlock it for an agent: ssh-add {' '.join(tried.encrypted)}"
        if tried.refused:
            beside = f"; {locked} is encrypted and was not tried ({unlock})" if locked else ""
            return (
                f"the host does not take the key {', nor '.join(tried.refused)}; add its public "
                f"part to {where.user}'s ~/.ssh/authorized_keys there, writable by that user alone "
                f"(passwords are not used){beside}"
            )
        if locked:
            return f"{locked} is encrypted, and no agent holds it; {unlock}"
        if tried.unreadable:
            return f"the key cannot be read: {'; '.join(tried.unreadable)}"
        place = "an agent" if where.agent else "an agent (none runs)"
        return (
            f"there is no key to log in with, neither in {place} nor in "
            f"{', '.join(where.key_files) or 'a file'}; make one with ssh-keygen, and put its "
            "public part on the host with ssh-copy-id (passwords are not used)"
        )


def _named(key: AgentKey) -> str:
    return f"{key.comment or 'a key'} of the agent ({fingerprint(key.asbytes())})"


def _load(file: str, tried: _Tried) -> paramiko.PKey | None:
    """A key file's private key, with its certificate if one lies beside it."""
    for kind in _KINDS:
        try:
            key = kind.from_private_key_file(file)
        except paramiko.PasswordRequiredException:
            tried.encrypted.append(file)
            return None
        except OSError as error:
            tried.unreadable.append(f"{file}: {error.strerror}")
            return None
        except (paramiko.SSHException, ValueError, struct.error, IndexError):
            continue  # of another kind
        with contextlib.suppress(OSError, paramiko.SSHException, ValueError):
            key.load_certificate(f"{file}-cert.pub")
        return key
    tried.unreadable.append(f"{file} is no private key of OpenSSH's or PEM's form")
    return None


def _public_part(file: str) -> bytes | None:
    """The public key of a key file, which is never encrypted; None: it cannot be known.

    Of a private key in OpenSSH's form it is read from there, else from FILE.pub. A file that
    holds a public key stands for its private part in an agent.
    """
    for path in (Path(file), Path(f"{file}.pub")):
        with contextlib.suppress(OSError, ValueError, binascii.Error, struct.error, IndexError):
            words = path.read_bytes()
            if words.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):
                return _public_of_openssh(base64.b64decode(b"".join(words.split(b"\n")[1:-2])))
            if not words.startswith(b"-----"):
                return base64.b64decode(words.split()[1], validate=True)
    return None


def _public_of_openssh(packed: bytes) -> bytes | None:
    """Cipher, derivation and its options come before the number of keys and the public one."""
    if not packed.startswith(_OPENSSH_MAGIC):
        return None
    message = paramiko.Message(packed[len(_OPENSSH_MAGIC) :])
    for _ in range(3):
        message.get_binary()
    message.get_int()
    return message.get_binary()

"""Files with keys of hosts, read as OpenSSH reads them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REVOKED, AUTHORITY = "@revoked", "@cert-authority"
_MARKERS = ("", REVOKED, AUTHORITY)
_HASHED = "|1|"


@dataclass(frozen=True)
class KnownKey:
    """A line that names a host.

    Attributes:
        kind: of key, such as `ssh-ed25519`. blob: the public key as it goes over the wire.
        marker: empty, `@revoked` or `@cert-authority`.
        file: where it stands. line: counted from 1.
    """

    kind: str
    blob: bytes
    marker: str
    file: str
    line: int

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.file} line {self.line}"


def known_keys(file: str, name: str) -> Iterator[KnownKey]:
    """The lines of a file that name a host; damaged ones are passed over, as ssh does.

    Args:
        file: its path.
        name: the host's, in lower case; `[name]:port` where the port is not 22.

    Raises:
        OSError: the file cannot be read.
    """
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        marker, *fields = _fields(line)
        if marker in _MARKERS and len(fields) > 2 and _names(fields[0], name):
            blob = _blob(fields[1], fields[2])
            if blob is not None:
                yield KnownKey(fields[1], blob, marker, file, number)


def _fields(line: str) -> list[str]:
    """A line's marker, which may be empty, and its fields; a comment has none."""
    fields = [] if line.lstrip().startswith("#") else line.split()
    return fields if fields and fields[0].startswith("@") else ["", *fields]


def _blob(kind: str, encoded: str) -> bytes | None:
    """The key of a line; None: it is damaged, or of another kind than the line says."""
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    told = kind.encode()
    begins = len(told).to_bytes(4, "big") + told
    return blob if blob.startswith(begins) and len(blob) > len(begins) else None


def _names(patterns: str, name: str) -> bool:
    """True if a line's names match, none of them with a `!` before it."""
    if patterns.startswith(_HASHED):
        return _is_hash_of(patterns, name)
    split = patterns.lower().split(",")
    if any(p.startswith("!") and _pattern(p[1:]).fullmatch(name) for p in split):
        return False
    return any(_pattern(p).fullmatch(name) for p in split)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """`*` stands for any text, `?` for one character; brackets are those of `[name]:port`."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))


def _is_hash_of(hashed: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part) for part in hashed.split("|")[2:4])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


def kinds_first(offered: Iterable[str], known: Iterable[KnownKey]) -> list[str]:
    """Algorithms of host keys in the order to ask for: those first of which a key is known."""
    kinds = {key.kind for key in known if not key.marker}
    if "ssh-rsa" in kinds:
        kinds |= {"rsa-sha2-256", "rsa-sha2-512"}
    return sorted(offered, key=lambda algorithm: algorithm not in kinds)

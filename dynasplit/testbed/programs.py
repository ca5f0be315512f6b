"""Pushes the host-side programs, and a network's files, to a host's cache folder."""

from __future__ import annotations

import hashlib
import io
import shlex
import tarfile
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from hosts.core.modules import EXTENSIONS_VARIABLE, ON_HOSTS, extension_folders

_SOURCE = Path(__file__).resolve().parents[2] / "hosts"
_CACHE = '"${DYNASPLIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dynasplit}"'


def push_programs(host: HostConnection) -> str:
    """Put `hosts/` on the host, once for each state of its source; returns the folder above it."""
    packed, name = _packed()
    base = host.ask(f"mkdir -p {_CACHE}/programs && cd {_CACHE}/programs && pwd").strip()
    folder = f"{base}/{name}"
    quoted = shlex.quote(folder)
    if host.ask(f"test -d {quoted} && echo there || echo missing").strip() == "missing":
        with tempfile.NamedTemporaryFile(suffix=".tar.gz") as file:
            file.write(packed)
            file.flush()
            fresh = f"{folder}.{uuid.uuid4().hex[:8]}"
            host.put(Path(file.name), f"{fresh}.tar.gz")
        fresh = shlex.quote(fresh)
        host.ask(
            f"mkdir -p {fresh} && tar -xzf {fresh}.tar.gz -C {fresh} && rm {fresh}.tar.gz && "
            f"(mv -T {fresh} {quoted} 2>/dev/null || rm -rf {fresh})"
        )
    return folder


def python_of(
    address: HostAddress, programs: str, variables: Mapping[str, str] | None = None
) -> str:
    """The shell's words that begin a program of the pushed ones: `... -m MODULE` may follow.

    Extensions are among the pushed programs, so no variable names them on a host.
    """
    named = {"PYTHONPATH": programs, **(variables or {})}
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in named.items())
    return f"cd / && exec env -u {EXTENSIONS_VARIABLE} {settings} {_quoted(address.python)}"


def _quoted(program: str) -> str:
    """In quotes, but for a `~/` at the beginning, which the host's shell knows the meaning of."""
    at_home = program.startswith("~/")
    return f"~/{shlex.quote(program[2:])}" if at_home else shlex.quote(program)


def _files() -> Iterator[tuple[str, Path]]:
    """Each file by its name on the host; what extensions add lies among the packages' own."""
    for path in sorted(_SOURCE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(_SOURCE.parent)), path
    for folder in extension_folders():
        for room in ON_HOSTS:
            for path in sorted((folder / room).glob("*.py")):
                yield f"hosts/{room}/{path.name}", path


@cache
def _packed() -> tuple[bytes, str]:
    """`hosts/` as a tar file that depends on its content alone, and a name from its hash."""
    buffer = io.BytesIO()
    digest = hashlib.sha256()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as tar:
        for name, path in _files():
            digest.update(name.encode() + b"\0" + path.read_bytes())
            tar.add(path, arcname=name, recursive=False)
    return buffer.getvalue(), digest.hexdigest()[:16]

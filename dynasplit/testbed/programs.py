"""Pushes the host-side programs to a host's cache folder, and makes sure that they are whole."""

from __future__ import annotations

import hashlib
import io
import shlex
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from dynasplit.core.errors import HostProgramFailed
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.program_host import ProgramHost
from hosts.core.modules import EXTENSIONS_VARIABLE, ON_HOSTS, extension_folders

_SOURCE = Path(__file__).resolve().parents[2] / "hosts"
CACHE = '"${DYNASPLIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dynasplit}"'
"""The folder of a host that programs and files are pushed to, in its shell's words."""
_PUSH_S = 150
_UNPACK_S = 120

# The hash of a folder: of the list of its files with their hashes, as sha256sum writes it. What
# Python keeps beside the programs does not count.
_HASH = """hash_of() { (cd "$1" 2>/dev/null && find . ! -type d ! -path '*/__pycache__/*' -print0 \
| LC_ALL=C sort -z | xargs -0 -r sha256sum 2>/dev/null | sha256sum | cut -d' ' -f1) || :; }"""

# One push at a time, from the first file to the last, so that whatever else lies there was left
# by one that was interrupted. The lock goes with the shell and what it has started. Where another
# push was quicker, what comes is read all the same: a server may hang up on a closed pipe.
_PUSH = """
exec 9>.lock
flock -w {patience_s} 9 || {{ echo 'another push goes on there and does not end' >&2; exit 1; }}
rm -rf ./*.part ./*.tar.gz ./????????????????.*
[ "$(hash_of {name})" = {wanted} ] && {{ cat >/dev/null; exit 0; }}
trap 'rm -rf {fresh}' EXIT
trap 'exit 1' HUP INT TERM
mkdir {fresh} && timeout {unpack_s} tar -xzf - --no-same-owner -C {fresh} || exit 1
[ "$(hash_of {fresh})" = {wanted} ] || {{ echo 'the programs arrived altered' >&2; exit 1; }}
[ ! -e {name} ] || mv -T {name} {fresh}.old || exit 1
mv -T {fresh} {name} && rm -rf {fresh}.old
"""


def push_programs(host: ProgramHost) -> str:
    """Put `hosts/` on the host, once for each state of its source; returns the folder above it.

    A folder that is there is taken only if it holds what it should; else it is pushed anew.

    Raises:
        HostProgramFailed: the programs cannot be put there.
    """
    packed, wanted = _packed()
    name = wanted[:16]
    place = f"mkdir -p {CACHE}/programs && cd {CACHE}/programs"
    try:
        base, *found = host.feed(f"{_HASH}; {place} && pwd && hash_of {name}").splitlines()
        if found != [wanted]:
            push = _PUSH.format(
                name=name,
                wanted=wanted,
                fresh=f"{name}.{uuid.uuid4().hex[:8]}",
                patience_s=_PUSH_S,
                unpack_s=_UNPACK_S,
            )
            host.feed(f"{_HASH}; {place} || exit 1{push}", packed, 2 * _PUSH_S)
    except HostProgramFailed as error:
        raise HostProgramFailed(
            f"{host.address}: the programs cannot be put into its cache folder: {error}; is there "
            "room, and may this user write there?"
        ) from error
    return f"{base}/{name}"


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
    """`hosts/` as a tar file, and the hash of its folder as `_HASH` finds it on a host."""
    buffer = io.BytesIO()
    hashes = {}
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as tar:
        for name, path in _files():
            content = path.read_bytes()
            hashes[f"./{name}"] = hashlib.sha256(content).hexdigest()
            entry = tar.gettarinfo(path, arcname=name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    listed = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return buffer.getvalue(), hashlib.sha256(listed.encode()).hexdigest()

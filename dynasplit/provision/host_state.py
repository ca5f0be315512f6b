"""The state of a host as far as it decides what it lacks, asked in the words of any POSIX shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dynasplit.core.errors import HostProgramFailed
from dynasplit.testbed.connection import HostConnection

_VERSION = "import sys, ensurepip, venv; print('%d.%d.%d' % sys.version_info[:3])"
_ASK = """
say() { printf '%s\\t%s\\n' "$1" "$2"; }
say user "$(id -un)"
say groups "$(id -Gn)"
say machine "$(uname -m)"
say bits "$(getconf LONG_BIT)"
say system "$(. /etc/os-release 2>/dev/null; echo "${PRETTY_NAME:-$(uname -s)}")"
say home "$HOME"
place=$HOME; [ -d "$ENVIRONMENT" ] && place=$ENVIRONMENT
say free_kb "$(df -Pk "$place" | awk 'NR == 2 { print $4 }')"
for name in python3.13 python3.12 python3.11 python3; do
    found=$(command -v $name) && say python "$found $("$found" -c "$VERSION" 2>/dev/null || echo -)"
done
sudo -n true 2>/dev/null && say tool sudo
for name in apt-get systemd-tmpfiles udevadm; do command -v $name >/dev/null && say tool $name; done
for device in /sys/bus/usb/devices/*; do
    [ -r "$device/idVendor" ] && say usb "$(cat "$device/idVendor"):$(cat "$device/idProduct")"
done
ls -d /proc/driver/nvidia/gpus/* >/dev/null 2>&1 && say tool nvidia-driver
say environment "$("$ENVIRONMENT/bin/python" -c "$VERSION" 2>/dev/null)"
say packages "$(cat "$ENVIRONMENT/.dynasplit" 2>/dev/null)"
cat /etc/dynasplit/rights 2>/dev/null | while read -r line; do say rule "$line"; done
cd /
for file in $PATTERNS; do
    [ -e "$file" ] || continue
    may=-; [ -r "$file" ] && may=r; [ -w "$file" ] && may=${may}w
    say file "$may $(stat -L -c '%a %U %G' "$file") $(readlink -f "$file")"
done
"""


@dataclass(frozen=True)
class FoundFile:
    """A file that a knob or meter needs.

    Attributes:
        path: absolute, without links.
        mode: its permissions. owner: its user's name. group: its group's.
        readable: for the login. writable: likewise.
    """

    path: str
    mode: int
    owner: str
    group: str
    readable: bool
    writable: bool


@dataclass(frozen=True)
class HostState:
    """The state of one host.

    Attributes:
        user: the login. groups: its groups.
        machine: as `uname -m` says it. bits: 64, or 32.
        system: the name of the operating system. home: the login's home folder.
        free_mb: room where the environment is, or will be.
        pythons: paths of interpreters that can make environments, with their versions.
        tools: of `sudo` (without a password), apt-get, systemd-tmpfiles, udevadm and the driver of
            an NVIDIA GPU (`nvidia-driver`), those there.
        environment: the version of the environment's interpreter; empty: there is none.
        packages: the hash of the requirements that it was made from; empty: not known.
        rules: the lines of the rights that were given before.
        files: those that knobs and meters need.
        usb: `vendor:product` of each USB device that is plugged in.
    """

    user: str
    groups: tuple[str, ...]
    machine: str
    bits: int
    system: str
    home: str
    free_mb: float
    pythons: dict[str, tuple[int, ...]] = field(default_factory=dict)
    tools: frozenset[str] = frozenset()
    environment: tuple[int, ...] = ()
    packages: str = ""
    rules: tuple[str, ...] = ()
    files: tuple[FoundFile, ...] = ()
    usb: tuple[str, ...] = ()


def state_of(host: HostConnection, environment: str, patterns: Sequence[str]) -> HostState:
    """Ask a host for its state.

    Args:
        host: logged in.
        environment: the folder of the environment; `~/` at its beginning is the login's home.
        patterns: of files, from the root, without the first `/`.

    Raises:
        HostProgramFailed: its shell does not answer so.
    """
    settings = f"VERSION={shlex.quote(_VERSION)}\nPATTERNS={shlex.quote(' '.join(patterns))}\n"
    settings += f"ENVIRONMENT={in_shell(environment)}\n"
    printed = host.feed("sh -s", (settings + _ASK).encode())
    told: dict[str, list[str]] = {}
    for line in printed.splitlines():
        name, tab, value = line.partition("\t")
        if tab:
            told.setdefault(name, []).append(value)
    try:
        return _state(told)
    except (KeyError, ValueError, IndexError) as error:
        raise HostProgramFailed(
            f"{host.address}: what its shell says of the host is not understood: {printed[:300]!r}"
        ) from error


def in_shell(path: str) -> str:
    """A path in the words of a shell; `~/` at its beginning is the home folder."""
    return f'"$HOME"/{shlex.quote(path[2:])}' if path.startswith("~/") else shlex.quote(path)


def _state(told: dict[str, list[str]]) -> HostState:
    return HostState(
        user=told["user"][0],
        groups=tuple(told["groups"][0].split()),
        machine=told["machine"][0],
        bits=int(told["bits"][0]),
        system=told["system"][0],
        home=told["home"][0],
        free_mb=int(told["free_kb"][0]) / 1024,
        pythons=dict(_pythons(told.get("python", ()))),
        tools=frozenset(told.get("tool", ())),
        environment=_version(told["environment"][0]),
        packages=told["packages"][0],
        rules=tuple(told.get("rule", ())),
        files=tuple(_files(told.get("file", ()))),
        usb=tuple(told.get("usb", ())),
    )


def _pythons(lines: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for line in lines:
        path, _, version = line.rpartition(" ")
        if _version(version):
            yield path, _version(version)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _files(lines: Sequence[str]) -> Iterator[FoundFile]:
    for line in lines:
        may, mode, owner, group, path = line.split(" ", 4)
        yield FoundFile(path, int(mode, 8), owner, group, "r" in may, "w" in may)

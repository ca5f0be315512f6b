"""RAPL: the processor's own energy counters, through powercap (no wall power).

A zone is told by the kernel's name for it: `package-0` is a processor, `dram` its memory, `core`
and `uncore` are parts of the package, `psys` is what the maker wired as the platform. AMD's
processors have the same names. What of it counts is a rule of the controller
(`dynasplit/testbed/channels.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from hosts.core.errors import MeterError
from hosts.core.rights import FileRight
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_FOLDER = "sys/class/powercap"
_MSR, _MMIO = "intel-rapl", "intel-rapl-mmio"  # two ways to the same packages; the first is wanted
_ZONES = f"{_FOLDER}/{_MSR}*:*"
RIGHTS = (FileRight(f"{_ZONES}/energy_uj", write=False),)

_PACKAGE = re.compile(r"package-(\d+)(?:-die-(\d+))?")
_NEEDED = ("package", "dram")  # what a host's energy may be the sum of
_PARTS = ("dram", "core", "uncore", "psys")


class _Zone(NamedTuple):
    """One counter: its folder, what it counts, and of which package."""

    folder: Path
    domain: str
    part: str

    @property
    def counter(self) -> Path:
        return self.folder / "energy_uj"

    def read_j(self) -> float:
        return int(self.counter.read_text()) / 1e6

    def wraps_at_j(self) -> float | None:
        """The counter's range; None: the kernel does not state one."""
        try:
            range_uj = int((self.folder / "max_energy_range_uj").read_text())
        except FileNotFoundError:
            return None
        return range_uj / 1e6 if range_uj > 0 else None


class Rapl(PolledMeter):
    """A counter a zone. RAPL states no accuracy; 5 % is assumed, from wall meters beside it."""

    error_pct = 5.0

    def __init__(self, root: Path, period_s: float) -> None:
        self.period_s = period_s
        self._zones = _zones(root)
        if not self._zones:
            raise MeterError(f"no RAPL here: {root / _ZONES} matches nothing on this host")
        several = Counter(zone.domain for zone in self._zones)
        try:
            self.channels = tuple(
                Channel(
                    domain=zone.domain,
                    quantity="energy",
                    part=zone.part if several[zone.domain] > 1 else "",
                    wraps_at_j=zone.wraps_at_j(),
                )
                for zone in self._zones
            )
        except (OSError, ValueError) as error:
            raise MeterError(
                f"{root / _FOLDER}: a counter's range cannot be read: {error}"
            ) from error
        self.identity = f"RAPL: {', '.join(channel.name for channel in self.channels)}"

    def read(self) -> list[float | None]:
        """Each zone's counter in J; None: one that is only recorded cannot be read now."""
        return [self._read_j(zone) for zone in self._zones]

    def _read_j(self, zone: _Zone) -> float | None:
        try:
            return zone.read_j()
        except PermissionError as error:
            raise MeterError(
                f"{zone.counter}: permission denied; since Linux 5.10 only root reads RAPL: "
                "give this user read access to it"
            ) from error
        except (OSError, ValueError) as error:
            if zone.domain not in _NEEDED:
                return None
            raise MeterError(
                f"{zone.counter}: a {zone.domain}'s counter cannot be read: {error}"
            ) from error


def _zones(root: Path) -> list[_Zone]:
    """Each counter once, packages first. A package's twin and what is unreadable are left out."""
    found: dict[tuple[str, str], _Zone] = {}
    for kind in (_MSR, _MMIO):
        folders = (root / _FOLDER).glob(f"{kind}:*")
        for folder in sorted(folders, key=lambda f: [int(n) for n in f.name.split(":")[1:]]):
            if (zone := _zone(folder)) is not None:
                found.setdefault((zone.domain, zone.part), zone)
    kept = [zone for zone in found.values() if zone.domain in _NEEDED or _is_readable(zone)]
    return sorted(kept, key=lambda zone: zone.domain != "package")  # stable


def _zone(folder: Path) -> _Zone | None:
    """The zone of a folder; None: of another kind."""
    name = _name(folder)
    if (part := _part(name)) is not None:
        return _Zone(folder, "package", part)
    if name not in _PARTS:
        return None
    if name == "psys":
        return _Zone(folder, name, "")
    above = folder.with_name(folder.name.rpartition(":")[0])
    return _Zone(folder, name, _part(_name(above)) or "0")


def _name(folder: Path) -> str:
    """The kernel's name for a zone; an outermost one without any is taken for a package."""
    try:
        return (folder / "name").read_text().strip()
    except OSError:
        return f"package-{folder.name.split(':')[1]}" if folder.name.count(":") == 1 else ""


def _part(name: str) -> str | None:
    """Of the name of a package: which one; None: it is none."""
    match = _PACKAGE.fullmatch(name)
    if match is None:
        return None
    return match[1] if match[2] is None else f"{match[1]}die{match[2]}"


def _is_readable(zone: _Zone) -> bool:
    try:
        zone.read_j()
    except (OSError, ValueError):
        return False
    return True


def build(root: str = "/", period_s: float = 0.1) -> Rapl:
    """RAPL below `root`, read once a period."""
    return Rapl(Path(root), period_s)

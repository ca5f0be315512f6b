"""One cheap look at a host: CPU frequency, temperature, throttling, others' CPU time, swap.

Files stay open and are read again from their start, which costs a fraction of opening them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hosts.machine.cpus import BUSY
from hosts.machine.throttling import NOW_BITS
from hosts.wire.samples import HostSample

_MOST_CPUS = 8  # whose frequency and counts are read
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"


class HostLook:
    """Looks at a host again and again.

    Attributes:
        children: processes that the agent has started, whose CPU time is not that of others.
    """

    def __init__(self, root: Path, cpus: Iterable[int], own_s: Callable[[], float]) -> None:
        """Open what there is.

        Args:
            root: stands for `/`.
            cpus: those that the agent keeps to.
            own_s: tells the agent's CPU time so far.
        """
        self._root, self._own_s = root, own_s
        self.children: tuple[int, ...] = ()
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")
        self._cpus = os.cpu_count() or 1
        self._flagged = 0
        folders = [root / f"sys/devices/system/cpu/cpu{cpu}" for cpu in list(cpus)[:_MOST_CPUS]]
        policies = dict.fromkeys((folder / "cpufreq").resolve() for folder in folders)
        self._mhz = _opened(policy / "scaling_cur_freq" for policy in policies)
        self._zones = _opened(sorted(root.glob("sys/class/thermal/thermal_zone*/temp")))
        counts = [folder / "thermal_throttle/core_throttle_count" for folder in folders]
        counts += [folder / "thermal_throttle/package_throttle_count" for folder in folders[:1]]
        self._counts = _opened(counts)
        self._firmware = _opened([root / _FIRMWARE])
        self._stat = _opened([root / "proc/stat"])
        self._vmstat = _opened([root / "proc/vmstat"])

    def sample(self) -> HostSample:
        """What there is to see now."""
        khz = [value for one in self._mhz if (value := _number(one)) is not None]
        milli_c = [value for one in self._zones if (value := _number(one)) is not None]
        return HostSample(
            time_ns=time.monotonic_ns(),
            cpu_mhz=max(khz) / 1000 if khz else None,
            temperature_c=max(milli_c) / 1000 if milli_c else None,
            others_s=self._others_s(),
            cpus=self._cpus,
            throttled=self._throttled(),
            swapped_pages=self._swapped(),
        )

    def close(self) -> None:
        """Close the files."""
        opened = (self._mhz, self._zones, self._counts, self._firmware, self._stat, self._vmstat)
        for descriptor in (one for some in opened for one in some):
            os.close(descriptor)

    def _others_s(self) -> float | None:
        words = _text(self._stat[0], 512).split("\n", 1)[0].split()[1:] if self._stat else []
        if len(words) <= max(BUSY):
            return None
        busy_s = sum(int(words[i]) for i in BUSY) * self._tick_s
        return busy_s - self._own_s() - sum(map(self._child_s, self.children))

    def _child_s(self, pid: int) -> float:
        try:
            text = (self._root / f"proc/{pid}/stat").read_text()
            user, system = text.rpartition(")")[2].split()[11:13]
            return (int(user) + int(system)) * self._tick_s
        except (OSError, ValueError):
            return 0.0  # it has ended

    def _throttled(self) -> int | None:
        """Times so far; of firmware that tells flags, the looks at which one was set."""
        found = [int(value) for one in self._counts if (value := _number(one)) is not None]
        for one in self._firmware:
            flags = _number(one, 16)
            if flags is not None:
                self._flagged += bool(int(flags) & NOW_BITS)
                found.append(self._flagged)
        return sum(found) if found else None

    def _swapped(self) -> int | None:
        if not self._vmstat:
            return None
        lines = (line.split() for line in _text(self._vmstat[0], 16384).splitlines())
        moved = [int(pair[1]) for pair in lines if pair[0] in ("pswpin", "pswpout")]
        return sum(moved) if moved else None


def _opened(paths: Iterable[Path]) -> list[int]:
    found = []
    for path in paths:
        try:
            found.append(os.open(path, os.O_RDONLY))
        except OSError:
            continue
    return found


def _text(descriptor: int, most: int = 64) -> str:
    try:
        return os.pread(descriptor, most, 0).decode(errors="replace")
    except OSError:
        return ""


def _number(descriptor: int, base: int = 10) -> float | None:
    try:
        return int(_text(descriptor), base)
    except ValueError:
        return None

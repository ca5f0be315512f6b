"""RAPL: the processor's own energy counters, through powercap (packages only, no wall power)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from hosts.core.errors import MeterError
from hosts.wire.readings import MeterHeader

_ZONES = "sys/class/powercap/intel-rapl:*"


class Rapl:
    """Sums all packages; a counter that wraps at its maximum is unwrapped."""

    def __init__(self, root: Path, period_s: float) -> None:
        zones = [z for z in sorted(root.glob(_ZONES)) if z.name.count(":") == 1]
        if not zones:
            raise MeterError(f"no RAPL here: {root / _ZONES} matches nothing on this host")
        self._counters = [zone / "energy_uj" for zone in zones]
        self._ranges_uj = [int((zone / "max_energy_range_uj").read_text()) for zone in zones]
        self._period_s = period_s

    def header(self) -> MeterHeader:
        """RAPL states no accuracy; 5 % is assumed, from comparisons with wall meters."""
        identity = f"RAPL, {len(self._counters)} package(s)"
        return MeterHeader(
            meter="rapl",
            identity=identity,
            period_s=self._period_s,
            error_pct=5.0,
            emulated=False,
        )

    def readings(self) -> Iterator[list[tuple[int, float]]]:
        """The counters' differences over each period."""
        before_ns, before_uj = time.monotonic_ns(), self._read_uj()
        while True:
            time.sleep(self._period_s)
            now_ns, now_uj = time.monotonic_ns(), self._read_uj()
            watts = self.spent_j(before_uj, now_uj) * 1e9 / (now_ns - before_ns)
            yield [((before_ns + now_ns) // 2, watts)]
            before_ns, before_uj = now_ns, now_uj

    def spent_j(self, before_uj: list[int], now_uj: list[int]) -> float:
        """Energy between two sets of counters (one for each package), wrapped at most once."""
        ranges = zip(before_uj, now_uj, self._ranges_uj, strict=True)
        return sum((now - was) % top if now < was else now - was for was, now, top in ranges) / 1e6

    def _read_uj(self) -> list[int]:
        try:
            return [int(counter.read_text()) for counter in self._counters]
        except PermissionError as error:
            raise MeterError(
                f"{self._counters[0]}: permission denied; since Linux 5.10 only root reads RAPL: "
                "give this user read access to it"
            ) from error


def build(root: str = "/", period_s: float = 0.1) -> Rapl:
    """RAPL below `root`, read once a period."""
    return Rapl(Path(root), period_s)

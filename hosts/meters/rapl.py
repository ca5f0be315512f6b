"""RAPL: the processor's own energy counters, through powercap (packages only, no wall power)."""

from __future__ import annotations

from pathlib import Path

from hosts.core.errors import MeterError
from hosts.core.rights import FileRight
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_ZONES = "sys/class/powercap/intel-rapl:*"
RIGHTS = (FileRight(f"{_ZONES}/energy_uj", write=False),)


class Rapl(PolledMeter):
    """A counter a package. RAPL states no accuracy; 5 % is assumed, from wall meters beside it."""

    error_pct = 5.0

    def __init__(self, root: Path, period_s: float) -> None:
        zones = [z for z in sorted(root.glob(_ZONES)) if z.name.count(":") == 1]
        if not zones:
            raise MeterError(f"no RAPL here: {root / _ZONES} matches nothing on this host")
        self.period_s = period_s
        self.identity = f"RAPL, {len(zones)} package(s)"
        self._counters = [zone / "energy_uj" for zone in zones]
        self.channels = tuple(
            Channel(
                domain="package",
                quantity="energy",
                part="" if len(zones) == 1 else zone.name.split(":")[1],
                wraps_at_j=int((zone / "max_energy_range_uj").read_text()) / 1e6,
            )
            for zone in zones
        )

    def read(self) -> list[float | None]:
        """Each package's counter in J."""
        try:
            return [int(counter.read_text()) / 1e6 for counter in self._counters]
        except PermissionError as error:
            raise MeterError(
                f"{self._counters[0]}: permission denied; since Linux 5.10 only root reads RAPL: "
                "give this user read access to it"
            ) from error
        except (OSError, ValueError) as error:
            raise MeterError(
                f"{self._counters[0].parent.parent}: a package's counter cannot be read: {error}"
            ) from error


def build(root: str = "/", period_s: float = 0.1) -> Rapl:
    """RAPL below `root`, read once a period."""
    return Rapl(Path(root), period_s)

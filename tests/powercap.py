"""A RAPL tree below a folder, whose counters go up as processors of given powers would have it."""

from collections.abc import Mapping
from pathlib import Path

FOLDER = "sys/class/powercap"


class Powercap:
    """Packages that draw `watts` each; their counters wrap at `wraps_at_uj`."""

    def __init__(self, root: Path, *watts: float, wraps_at_uj: int = 10**12) -> None:
        self.watts, self.wraps_at_uj = watts, wraps_at_uj
        self.zones = [root / f"{FOLDER}/intel-rapl:{i}" for i in range(len(watts))]
        for index, zone in enumerate(self.zones):
            add_zone(zone, f"package-{index}", wraps_at_uj)
        self.spend(0.0)

    @classmethod
    def of(cls, root: Path, zones: Mapping[str, tuple[str, float]]) -> "Powercap":
        """Of zones by their folders' names, each with the kernel's name for it, and its power."""
        made = cls(root)
        made.zones = [root / FOLDER / folder for folder in zones]
        made.watts = tuple(watts for _, watts in zones.values())
        for folder, (name, _) in zones.items():
            add_zone(root / FOLDER / folder, name, made.wraps_at_uj)
        made.spend(0.0)
        return made

    def spend(self, until_s: float) -> None:
        """Let the counters say what was drawn from 0 to a time; never seen half written."""
        self.show(*(until_s * watts for watts in self.watts))

    def show(self, *energies_j: float) -> None:
        """Let each counter say what its zone has drawn; likewise."""
        for zone, energy_j in zip(self.zones, energies_j, strict=True):
            draft = zone / "draft"
            draft.write_text(str(round(energy_j * 1e6) % self.wraps_at_uj))
            draft.replace(zone / "energy_uj")


def add_zone(zone: Path, name: str, wraps_at_uj: int) -> None:
    """Write a zone's files but for its counter."""
    zone.mkdir(parents=True)
    (zone / "name").write_text(f"{name}\n")
    (zone / "max_energy_range_uj").write_text(f"{wraps_at_uj}\n")

"""A RAPL tree below a folder, whose counters go up as processors of given powers would have it."""

from pathlib import Path


class Powercap:
    """Packages that draw `watts` each; their counters wrap at `wraps_at_uj`."""

    def __init__(self, root: Path, *watts: float, wraps_at_uj: int = 10**12) -> None:
        self.watts, self.wraps_at_uj = watts, wraps_at_uj
        self.zones = [root / f"sys/class/powercap/intel-rapl:{i}" for i in range(len(watts))]
        for zone in self.zones:
            zone.mkdir(parents=True)
            (zone / "max_energy_range_uj").write_text(str(wraps_at_uj))
        self.spend(0.0)

    def spend(self, until_s: float) -> None:
        """Let the counters say what was drawn from 0 to a time; never seen half written."""
        self.show(*(until_s * watts for watts in self.watts))

    def show(self, *energies_j: float) -> None:
        """Let each counter say what its package has drawn; likewise."""
        for zone, energy_j in zip(self.zones, energies_j, strict=True):
            draft = zone / "draft"
            draft.write_text(str(round(energy_j * 1e6) % self.wraps_at_uj))
            draft.replace(zone / "energy_uj")

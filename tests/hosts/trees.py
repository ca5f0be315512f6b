"""Files below a folder that stand for a real machine's: cpufreq, a Coral's USB port, a GPU.

Where a kernel would answer what is written, the machine that waits for it has it answered.
"""

from collections.abc import Mapping
from pathlib import Path

from hosts.coral.accelerator import Accelerator
from hosts.coral.program import CPU
from hosts.machine.real import RealMachine

CPUFREQ = "sys/devices/system/cpu/cpufreq"
UNSUPPORTED = "<unsupported>"

PSTATE = {
    "scaling_governor": "powersave",
    "scaling_available_governors": "performance powersave",
    "scaling_min_freq": "800000",
    "scaling_max_freq": "3000000",
    "cpuinfo_min_freq": "800000",
    "cpuinfo_max_freq": "3000000",
    "scaling_cur_freq": "3000000",
}
"""As intel_pstate in active mode shows them: no userspace governor, no list of frequencies."""

USERSPACE = {
    "scaling_governor": "ondemand",
    "scaling_available_governors": "ondemand performance userspace",
    "scaling_available_frequencies": "600000 1200000 1800000",
    "scaling_min_freq": "600000",
    "scaling_max_freq": "1800000",
    "cpuinfo_min_freq": "600000",
    "cpuinfo_max_freq": "1800000",
    "scaling_setspeed": UNSUPPORTED,
    "scaling_cur_freq": "1800000",
}
"""As cpufreq-dt shows them."""


class RealOnTree(RealMachine):
    """The real machine, its files below a folder of the test.

    Attributes:
        library: what opens the accelerator; `cpu` stands in for it.
    """

    def __init__(self, root: Path, library: str | None = None) -> None:
        super().__init__()
        self.root = root
        if library is not None:
            self._accelerator = Accelerator(library)

    def settle(self) -> None:
        """Have every policy answered."""
        for policy in sorted((self.root / CPUFREQ).glob("policy*")):
            answer(policy)


def answer(policy: Path) -> None:
    """What a kernel makes of what was written; it would have refused what fails here."""

    def shown(name: str) -> str:
        return (policy / name).read_text().strip()

    governor, setspeed = shown("scaling_governor"), policy / "scaling_setspeed"
    assert governor in shown("scaling_available_governors").split()
    low_khz, high_khz = int(shown("scaling_min_freq")), int(shown("scaling_max_freq"))
    assert int(shown("cpuinfo_min_freq")) <= low_khz <= high_khz <= int(shown("cpuinfo_max_freq"))
    khz = high_khz
    if governor == "userspace":
        said = shown("scaling_setspeed")
        khz = int(shown("scaling_cur_freq") if said == UNSUPPORTED else said)
        khz = min(max(khz, low_khz), high_khz)
        setspeed.write_text(f"{khz}\n")
    elif setspeed.exists():
        setspeed.write_text(f"{UNSUPPORTED}\n")
    (policy / "scaling_cur_freq").write_text(f"{khz}\n")


def cpufreq(root: Path, *policies: Mapping[str, str]) -> RealOnTree:
    """A machine with these policies."""
    for number, files in enumerate(policies):
        folder = root / CPUFREQ / f"policy{number}"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
    return RealOnTree(root)


def coral(root: Path) -> RealOnTree:
    """A machine with a Coral at port 2 of a hub, another thing at port 1."""
    devices = root / "sys/bus/usb/devices"
    for name, ids in (("1-1", ("046d", "c077")), ("1-2", ("18d1", "9302"))):
        port = devices / f"1-0:1.0/usb1-port{name[-1]}"
        port.mkdir(parents=True)
        (port / "disable").write_text("0\n")
        (devices / name).mkdir()
        (devices / name / "idVendor").write_text(f"{ids[0]}\n")
        (devices / name / "idProduct").write_text(f"{ids[1]}\n")
        (devices / name / "port").symlink_to(port)
    return RealOnTree(root, CPU)


def nvidia(root: Path) -> RealOnTree:
    """A machine whose driver shows a GPU."""
    (root / "proc/driver/nvidia/gpus/0000:01:00.0").mkdir(parents=True)
    return RealOnTree(root)

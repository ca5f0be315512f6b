"""Files below a folder that stand for a real machine's: cpufreq, a Coral's USB port, a GPU.

Where a kernel would answer what is written, the machine that waits for it has it answered.
"""

from collections.abc import Mapping
from pathlib import Path

from hosts.coral.accelerator import Accelerator
from hosts.coral.program import CPU
from hosts.machine.real import RealMachine

CPUS = "sys/devices/system/cpu"
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


ACPI = {
    "affected_cpus": "0",
    "scaling_governor": "ondemand",
    "scaling_available_governors": "ondemand userspace performance",
    "scaling_available_frequencies": "2801000 2800000 1600000",
    "scaling_min_freq": "1600000",
    "scaling_max_freq": "2801000",
    "cpuinfo_min_freq": "1600000",
    "cpuinfo_max_freq": "2801000",
    "scaling_setspeed": UNSUPPORTED,
    "scaling_cur_freq": "2801000",
}
"""As acpi-cpufreq shows them: turbo is listed as the base frequency and 1 MHz."""

TURBO = PSTATE | {
    "affected_cpus": "0",
    "base_frequency": "2400000",
    "scaling_max_freq": "4400000",
    "cpuinfo_max_freq": "4400000",
    "scaling_cur_freq": "4188342",
}
"""As intel_pstate in active mode shows them while turbo is on."""

SCHEDUTIL = {
    "affected_cpus": "0",
    "scaling_governor": "schedutil",
    "scaling_available_governors": "performance schedutil",
    "scaling_available_frequencies": "729600 1190400 1510400",
    "scaling_min_freq": "729600",
    "scaling_max_freq": "1510400",
    "cpuinfo_min_freq": "729600",
    "cpuinfo_max_freq": "1510400",
    "scaling_cur_freq": "1510400",
}
"""As a Jetson shows them: no userspace governor, and frequencies that are no whole MHz."""

LITTLE = USERSPACE | {
    "affected_cpus": "0",
    "scaling_available_frequencies": "300000 1785600",
    "scaling_min_freq": "300000",
    "scaling_max_freq": "1785600",
    "cpuinfo_min_freq": "300000",
    "cpuinfo_max_freq": "1785600",
    "scaling_cur_freq": "1785600",
}
BIG = USERSPACE | {
    "affected_cpus": "0",
    "scaling_available_frequencies": "710400 2841600",
    "scaling_min_freq": "710400",
    "scaling_max_freq": "2841600",
    "cpuinfo_min_freq": "710400",
    "cpuinfo_max_freq": "2841600",
    "scaling_cur_freq": "2841600",
}
"""Two clusters without a common frequency."""

_BOOST, _NO_TURBO = "boost", "../intel_pstate/no_turbo"
_LOADED_KHZ, _BOOSTED_KHZ = 4_188_342, 3_391_000


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
        """Have every policy answered; a CPU that comes online again has a governor of its own."""
        for switch in self.root.glob(f"{CPUS}/*/online"):
            name, is_on = switch.parent.name, switch.read_text().strip()
            policy = self.root / CPUFREQ / f"policy{name.removeprefix('cpu')}"
            affected = policy / "affected_cpus"
            if not affected.exists() or bool(affected.read_text().strip()) == (is_on == "1"):
                continue
            affected.write_text(name.removeprefix("cpu") if is_on == "1" else "")
            (policy / "scaling_governor").write_text(USERSPACE["scaling_governor"])
        for policy in sorted((self.root / CPUFREQ).glob("policy*")):
            answer(policy)


def answer(policy: Path) -> None:
    """What a kernel makes of what was written; it would have refused what fails here."""

    def shown(name: str) -> str:
        return (policy / name).read_text().strip()

    if (policy / "affected_cpus").exists() and not shown("affected_cpus"):
        return
    governor, setspeed = shown("scaling_governor"), policy / "scaling_setspeed"
    boosts = _limit_turbo(policy)
    assert governor in shown("scaling_available_governors").split()
    low_khz, high_khz = int(shown("scaling_min_freq")), int(shown("scaling_max_freq"))
    assert int(shown("cpuinfo_min_freq")) <= low_khz <= high_khz <= int(shown("cpuinfo_max_freq"))
    khz = high_khz
    if governor == "userspace":
        said = shown("scaling_setspeed")
        khz = int(shown("scaling_cur_freq") if said == UNSUPPORTED else said)
        khz = min(max(khz, low_khz), high_khz)
        setspeed.write_text(f"{khz}\n")
        if khz == 2_801_000:
            khz = _BOOSTED_KHZ if boosts else 2_800_000
    elif setspeed.exists():
        setspeed.write_text(f"{UNSUPPORTED}\n")
    if boosts and (policy / "base_frequency").exists() and khz > int(shown("base_frequency")):
        khz = _LOADED_KHZ
    (policy / "scaling_cur_freq").write_text(f"{khz}\n")


def _limit_turbo(policy: Path) -> bool:
    """Whether the turbo is on; where it is not, intel_pstate's limits end at the base frequency."""
    boost, no_turbo = policy.parent / _BOOST, policy.parent / _NO_TURBO
    if boost.exists():
        return boost.read_text().strip() == "1"
    if not no_turbo.exists():
        return False
    is_on = no_turbo.read_text().strip() == "0"
    base = (policy / "base_frequency").read_text()
    (policy / "cpuinfo_max_freq").write_text(TURBO["cpuinfo_max_freq"] if is_on else base)
    if int((policy / "scaling_max_freq").read_text()) > int(base) and not is_on:
        (policy / "scaling_max_freq").write_text(base)
    return is_on


def cpufreq(root: Path, *policies: Mapping[str, str]) -> RealOnTree:
    """A machine with these policies."""
    for number, files in enumerate(policies):
        folder = root / CPUFREQ / f"policy{number}"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
    return RealOnTree(root)


def vcgencmd(folder: Path) -> None:
    """A Raspberry Pi's program in a folder, which prints the file there that its word names."""
    folder.mkdir()
    (folder / "vcgencmd").write_text(f'#!/bin/sh\ncat "{folder}/$1"\n')
    (folder / "vcgencmd").chmod(0o755)


def jetson(root: Path) -> RealOnTree:
    """A Jetson with three modes, and a program `nvpmodel` in bin/ that keeps the mode in a file."""
    conf, program = root / "etc/nvpmodel.conf", root / "bin/nvpmodel"
    conf.parent.mkdir(parents=True)
    conf.write_text(
        "# < POWER_MODEL ID=9 NAME=NEVER >\n"
        "< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\n"
        "< POWER_MODEL ID=1 NAME=5W >\n< POWER_MODEL ID=2 NAME=MODE_10W >\n"
        "< PM_CONFIG DEFAULT=0 >\n"
    )
    program.parent.mkdir()
    program.write_text(JETSONS_PROGRAM)
    program.chmod(0o755)
    (root / "bin/mode").write_text("0\n")
    return RealOnTree(root)


JETSONS_PROGRAM = """#!/bin/sh
kept="$(dirname "$0")/mode"
case "$1 $2" in
"-q ") case "$(cat "$kept")" in 0) name=MAXN ;; 1) name=5W ;; 2) name=MODE_10W ;; esac
    printf 'NV Fan Mode:quiet\\nNV Power Mode: %s\\n%s\\n' "$name" "$(cat "$kept")" ;;
"-m 2") if [ -e "$kept.busy" ]; then
        echo 'Reboot required for changing to this power mode: 2'
        read -r answer && [ "$answer" = YES ]
        exit 0
    fi
    echo 2 > "$kept" ;;
"-m "[01]) if [ -e "$kept.shut" ]; then echo 'NVPM ERROR: Error opening' >&2; exit 4; fi
    echo "$2" > "$kept" ;;
*) exit 1 ;;
esac
"""


def cores(root: Path) -> RealOnTree:
    """A machine with four CPUs, a policy for each; all but the first can be switched off."""
    machine = cpufreq(root, *(USERSPACE | {"affected_cpus": f"{cpu}"} for cpu in range(4)))
    for cpu in range(4):
        (root / CPUS / f"cpu{cpu}").mkdir()
        if cpu:
            (root / CPUS / f"cpu{cpu}/online").write_text("1\n")
    return machine


def acpi(root: Path) -> RealOnTree:
    """A machine with acpi-cpufreq and a switch for its turbo, which is on."""
    machine = cpufreq(root, ACPI)
    (root / CPUFREQ / _BOOST).write_text("1\n")
    return machine


def turbo(root: Path, *policies: Mapping[str, str]) -> RealOnTree:
    """A machine with intel_pstate, its turbo on."""
    machine = cpufreq(root, *(policies or (TURBO,)))
    switch = root / CPUFREQ / _NO_TURBO
    switch.parent.mkdir()
    switch.write_text("0\n")
    return machine


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

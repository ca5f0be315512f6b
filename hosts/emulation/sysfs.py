"""The sysfs tree of an emulated board: real files, answered as a kernel would.

A write is taken up when the board settles: a refused value is put back, an accepted one
changes the board and the files that follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hosts.emulation.board import EdgeBoard
from hosts.emulation.faults.throttling import Throttling

POLICY = "sys/devices/system/cpu/cpufreq/policy0"
PORT = "sys/bus/usb/devices/2-0:1.0/usb2-port1"
FLAGS = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""Where a Raspberry Pi's kernel tells its firmware's flags, as a hexadecimal number."""
GPU = "proc/driver/nvidia/gpus/0000:3b:00.0"
_UNSUPPORTED = "<unsupported>"


def make_cloud_tree(root: Path, gpu: bool) -> None:
    """Make the cloud board's tree: its GPU, if it has one."""
    (root / "proc/driver/nvidia/gpus").mkdir(parents=True, exist_ok=True)
    if gpu:
        (root / GPU).mkdir(parents=True, exist_ok=True)
        (root / GPU / "information").write_text("Model: emulated GPU\n")


@dataclass
class EdgeTree:
    """cpufreq and the accelerator's USB port of the edge board.

    Attributes:
        root: the folder that stands for `/`.
        board: the state that the files show and change.
    """

    root: Path
    board: EdgeBoard
    _known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edge = self.board.profile.edge
        low_khz, high_khz = (1000 * f(edge.cpu_mhz) for f in (min, max))
        start_khz = 1000 * edge.start.cpu_mhz
        self._governor, self._setspeed_khz = edge.start.governor, start_khz
        self._min_khz, self._max_khz = low_khz, high_khz
        self._fixed = {
            f"{POLICY}/scaling_driver": "cpufreq-dt",
            f"{POLICY}/affected_cpus": "0 1 2 3",
            f"{POLICY}/scaling_available_governors": " ".join(edge.governors),
            f"{POLICY}/scaling_available_frequencies": " ".join(
                str(1000 * mhz) for mhz in edge.cpu_mhz
            ),
            f"{POLICY}/cpuinfo_min_freq": str(low_khz),
            f"{POLICY}/cpuinfo_max_freq": str(high_khz),
        }
        self._show_state()
        self.board.faults.switch_on(self.board.cpu_mhz)

    def settle(self) -> list[str]:
        """Take up all writes since the last time; returns a message for each refused one."""
        refused = []
        for name, known in list(self._known.items()):
            written = (self.root / name).read_text().strip()
            if written and written != known:  # empty: somebody is just writing it
                why = self._take(name, written)
                if why:
                    refused.append(f"{name}: {written!r} refused: {why}")
                self._known[name] = written  # so that showing puts a refused one back
        self._show_state()
        return refused

    def _take(self, name: str, written: str) -> str | None:
        place = name.rsplit("/", 1)[1]
        take = {
            "scaling_governor": self._take_governor,
            "scaling_setspeed": self._take_speed,
            "scaling_min_freq": self._take_limit,
            "scaling_max_freq": self._take_limit,
            "disable": self._take_port,
        }.get(place)
        return take(written, place) if take else "read-only"

    def _take_governor(self, written: str, _: str) -> str | None:
        governors = self.board.profile.edge.governors
        if written not in governors:
            return f"allowed: {', '.join(governors)}"
        self._governor = written
        return None

    def _take_speed(self, written: str, _: str) -> str | None:
        if self._governor != "userspace":
            return f"the governor is {self._governor}, not userspace"
        if not written.isdigit():
            return "not a number"
        self._setspeed_khz = int(written)
        return None

    def _take_limit(self, written: str, place: str) -> str | None:
        if not written.isdigit() or not self._offered_khz(int(written)):
            return "not a frequency of this board"
        khz = int(written)
        if place == "scaling_min_freq":
            if khz > self._max_khz:
                return f"above scaling_max_freq {self._max_khz}"
            self._min_khz = khz
        elif khz < self._min_khz:
            return f"below scaling_min_freq {self._min_khz}"
        else:
            self._max_khz = khz
        return None

    def _take_port(self, written: str, _: str) -> str | None:
        if written not in ("0", "1"):
            return "allowed: 0, 1"
        if len(self.board.profile.edge.accelerator_modes) < 2 and written == "0":
            return "nothing is plugged in"
        self.board.switch_port(written == "0")
        return None

    def _offered_khz(self, khz: int) -> bool:
        return khz in (1000 * mhz for mhz in self.board.profile.edge.cpu_mhz)

    def _current_khz(self) -> int:
        """Under `userspace` the offered frequency at or above the one set, within the limits."""
        if self._governor == "performance":
            return self._max_khz
        if self._governor == "powersave":
            return self._min_khz
        if self._governor != "userspace":
            return self._max_khz  # a demand governor under load
        wanted = min(max(self._setspeed_khz, self._min_khz), self._max_khz)
        offered = sorted(1000 * mhz for mhz in self.board.profile.edge.cpu_mhz)
        return next((khz for khz in offered if khz >= wanted), offered[-1])

    def _show_state(self) -> None:
        current_khz = self._current_khz()
        if current_khz != 1000 * self.board.cpu_mhz:
            self.board.cpu_mhz = current_khz / 1000
            self.board.reconfigure(self.board.profile.edge.reconfigure_ms, "cpu_mhz")
        for name, text in self._fixed.items():
            self._show(name, text)
        current_khz = round(1000 * self.board.shown_mhz)
        speed = str(current_khz) if self._governor == "userspace" else _UNSUPPORTED
        self._show(f"{POLICY}/scaling_governor", self._governor)
        self._show(f"{POLICY}/scaling_setspeed", speed)
        self._show(f"{POLICY}/scaling_cur_freq", str(current_khz))
        self._show(f"{POLICY}/cpuinfo_cur_freq", str(current_khz))
        self._show(f"{POLICY}/scaling_min_freq", str(self._min_khz))
        self._show(f"{POLICY}/scaling_max_freq", str(self._max_khz))
        self._show(f"{PORT}/disable", "0" if self.board.port_on else "1")
        for fault in self.board.faults.of(Throttling):
            self._show(FLAGS, f"{fault.flags(self.board.history.now_ns):x}")

    def _show(self, name: str, text: str) -> None:
        if self._known.get(name) == text:
            return
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        self._known[name] = text

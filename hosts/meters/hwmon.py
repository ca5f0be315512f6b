"""Sensors on a board that the kernel's hwmon reads: INA219, INA226, INA260, INA3221; a Jetson's.

A sensor's power in uW is read where the kernel tells it, else its current times its voltage. The
program runs on the board that it measures, and each reading takes the board some work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hosts.core.errors import MeterError
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_HWMON = "sys/class/hwmon/hwmon*"
_SHUNT_PCT = 1.0  # of the resistor beside the chip, which nobody states
_CHIPS_PCT = {
    "ina219": 0.5 + _SHUNT_PCT,
    "ina226": 0.1 + _SHUNT_PCT,
    "ina230": 0.5 + _SHUNT_PCT,
    "ina231": 0.5 + _SHUNT_PCT,
    "ina238": 0.1 + _SHUNT_PCT,
    "ina260": 0.5,  # its shunt is within
    "ina3221": 0.25 + _SHUNT_PCT,
}
_WHOLE = ("VDD_IN", "POM_5V_IN", "5V_IN")
"""The rails that all of a Jetson draws through, as its kernel labels them."""


class _Rail(NamedTuple):
    """One power that a chip tells: its label, the chip's name, and how it is read in W."""

    label: str
    chip: str
    read_w: Callable[[], float]
    interval_s: float | None


class Hwmon(PolledMeter):
    """The rail that the whole board draws through, and the others beside it, which never count."""

    def __init__(self, root: Path, rail: str, domain: str, period_s: float) -> None:
        rails = {found.label: found for found in _rails(root)}
        if not rails:
            raise MeterError(
                f"no sensor here: {root / _HWMON} has none of {', '.join(_CHIPS_PCT)} that tells "
                "a power"
            )
        self._whole = _whole(rails, rail)
        self._beside = [
            r for label, r in rails.items() if label not in {w.label for w in self._whole}
        ]
        read = [*self._whole, *self._beside]
        intervals_s = [r.interval_s for r in read if r.interval_s is not None]
        self.averaging_s = max(intervals_s, default=None)
        self.period_s = max(period_s, self.averaging_s or 0.0)
        self.error_pct = max(_CHIPS_PCT[r.chip] for r in self._whole)
        named = "+".join(r.label for r in self._whole)
        self.identity = f"hwmon: {self._whole[0].chip} {named}"
        self.channels = (
            Channel(domain=domain),
            *(Channel(domain="rail", part=_word(r.label)) for r in self._beside),
        )

    def read(self) -> list[float | None]:
        """Power in W; None: a rail beside that cannot be read now."""
        try:
            whole_w = sum(rail.read_w() for rail in self._whole)
        except (OSError, ValueError) as error:
            raise MeterError(f"{self.identity} cannot be read: {error}") from error
        return [whole_w, *(_or_none(rail) for rail in self._beside)]


def _rails(root: Path) -> Iterator[_Rail]:
    """Every power that a known chip tells, by labels that are told apart."""
    taken: set[str] = set()
    for chip in sorted(root.glob(_HWMON), key=lambda folder: int(folder.name[5:])):
        try:
            name = (chip / "name").read_text().strip()
        except OSError:
            continue
        if name not in _CHIPS_PCT:
            continue
        interval = chip / "update_interval"
        interval_s = int(interval.read_text()) / 1000 if interval.exists() else None
        for label, read_w in _powers(chip, name):
            told = label if label not in taken else f"{label}_{chip.name}"
            taken.add(told)
            yield _Rail(told, name, read_w, interval_s)


def _powers(chip: Path, name: str) -> Iterator[tuple[str, Callable[[], float]]]:
    """The label of each power of a chip, and how it is read."""
    powers = sorted(chip.glob("power*_input"))
    for file in powers:
        number = file.name.removeprefix("power").removesuffix("_input")
        yield _label(chip, "power", number) or name, partial(_power_w, file)
    if powers:
        return
    for current in sorted(chip.glob("curr*_input")):
        number = current.name.removeprefix("curr").removesuffix("_input")
        voltage = chip / f"in{number}_input"
        label = _label(chip, "in", number) or _label(chip, "curr", number) or f"{name}_{number}"
        if voltage.exists() and "sum of shunt" not in label:
            yield label, partial(_product_w, voltage, current)


def _power_w(microwatts: Path) -> float:
    return int(microwatts.read_text()) / 1e6


def _product_w(millivolts: Path, milliamperes: Path) -> float:
    return int(millivolts.read_text()) * int(milliamperes.read_text()) / 1e6


def _label(chip: Path, kind: str, number: str) -> str:
    file = chip / f"{kind}{number}_label"
    return file.read_text().strip() if file.exists() else ""


def _whole(rails: dict[str, _Rail], asked: str) -> list[_Rail]:
    """The rails whose sum is the board's power.

    Raises:
        MeterError: one that is asked for is not there, or it is not clear which.
    """
    named = [name.strip() for name in asked.split("+")] if asked else []
    if not named:
        named = [label for label in rails if label in _WHOLE][:1] or list(rails)
        if len(named) > 1:
            named = []
    if not named or any(name not in rails for name in named):
        raise MeterError(
            f"rail={asked!r} asked; there are: {', '.join(rails)}; allowed: the one that the whole "
            "board draws through, or several that together are: A+B"
        )
    return [rails[name] for name in named]


def _or_none(rail: _Rail) -> float | None:
    try:
        return rail.read_w()
    except (OSError, ValueError):
        return None


def _word(label: str) -> str:
    return re.sub(r"[^a-z0-9]", "", label.lower())


def build(root: str = "/", rail: str = "", domain: str = "board", period_s: float = 0.1) -> Hwmon:
    """The sensors below `root`; `rail` names that of the whole board, where there are several."""
    return Hwmon(Path(root), rail, domain, period_s)

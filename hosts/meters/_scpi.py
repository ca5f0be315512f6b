"""Wall power meters with the `:NUMERIC:NORMAL` tree of SCPI, over TCP or a serial port by PyVISA.

No such instrument was at hand: the commands are those of the makers' manuals, tried on simulated
ones alone. NAN (no value), INF and 9.9E+37 (over range) are no value.
"""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar, Self, cast

from hosts.core.errors import MeterError
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_TIMEOUT_S = 2.0
_SHORT_S = 0.5  # for a question that an instrument may not know
_LATE_ANSWERS = 3
_OVER_RANGE = 9.9e37
_J_PER_WH = 3600.0
_RATES = {
    "100MS": 0.1,
    "250MS": 0.25,
    "500MS": 0.5,
    "1S": 1,
    "2S": 2,
    "5S": 5,
    "10S": 10,
    "20S": 20,
}
_DURATION = re.compile(r"([0-9.]+(?:E[+-]?\d+)?)(MS|S)?", re.I)


class ScpiMeter(PolledMeter):
    """Asks for active power, or for the integrator's energy.

    Attributes:
        asked_for: the instruments' names, for messages. marks: what their identity holds.
        ends: of what is written. prepares: commands before the first question.
        item: the suffix of an item. energy_item: the integrator's; its marks: who has one.
        tells: marks of those that know `:RATE?` and their ranges.
        range_pct: the error's part of the power range, beside that of the reading.
    """

    asked_for: ClassVar[str]
    marks: ClassVar[tuple[str, ...]]
    ends: ClassVar[str] = "\n"
    prepares: ClassVar[tuple[str, ...]] = ()
    item: ClassVar[str] = ""
    energy_item: ClassVar[str] = "WH"
    integrates: ClassVar[tuple[str, ...]]
    tells: ClassVar[tuple[str, ...]]
    reading_pct: ClassVar[float] = 0.1
    range_pct: ClassVar[float]

    def __init__(self, resource: str, backend: str, quantity: str, baud: int = 0) -> None:
        """Open the instrument, and have it tell one item."""
        if quantity not in ("power", "energy"):
            raise MeterError(f"quantity={quantity!r} asked; allowed: power, energy")
        self._resource, self._is_energy = resource, quantity == "energy"
        self.error_pct = self.reading_pct + self.range_pct  # together, where no range is known
        self.channels = (Channel(domain="wall", quantity="energy" if self._is_energy else "power"),)
        try:
            self._open(backend, baud)
        except self._failures as error:
            raise MeterError(f"no meter answers at {resource}: {_words(error)}") from error
        if not self._is_of(self.marks):
            raise MeterError(f"{self.asked_for} asked at {resource}, found {self.identity!r}")
        if self._is_energy and not self._is_of(self.integrates):
            raise MeterError(f"quantity=energy asked of {self.identity!r}, which has no integrator")
        try:
            self._prepare()
        except self._failures as error:
            raise MeterError(f"{self.identity} takes no commands: {_words(error)}") from error

    @classmethod
    def opened(
        cls,
        resource: str,
        period_s: float = 0.1,
        backend: str = "@py",
        quantity: str = "power",
        update_s: float = 0.0,
        range_w: float = 0.0,
        baud: int = 0,
    ) -> Self:
        """A meter at a VISA resource, with the options that all of them take.

        Args:
            resource: VISA's name for where it is.
            period_s: how often it is asked.
            backend: of PyVISA.
            quantity: power, or the integrator's energy.
            update_s: its own update period; 0: as it stands.
            range_w: its power range; 0: it is asked.
            baud: of a serial port; 0: as VISA takes it.
        """
        meter = cls(resource, backend, quantity, baud)
        meter.set_up(period_s, update_s, range_w)
        return meter

    def read(self) -> list[float | None]:
        """Power in W, or the integrator's energy in J; None: no value."""
        try:
            answer = str(self._instrument.query(":NUMERIC:NORMAL:VALUE?")).strip()
        except self._failures as error:
            raise MeterError(
                f"{self.identity} at {self._resource} was asked for its power and did not answer "
                f"in {_TIMEOUT_S:g} s: {_words(error)}; is it on, its cable in, and nobody else "
                "connected to it?"
            ) from error
        try:
            value = float(answer.split(",")[0].rpartition(" ")[2])
        except ValueError as error:
            raise MeterError(f"a power expected of {self.identity}, found {answer!r}") from error
        if not abs(value) < _OVER_RANGE:
            return [None]
        return [value * _J_PER_WH if self._is_energy else value]

    def set_up(self, period_s: float, update_s: float, range_w: float) -> None:
        """Set the update rate if one is asked for, and learn it and the range where it tells them.

        Args:
            period_s: how often it is to be asked.
            update_s: its own update period; 0: as it stands.
            range_w: its power range; 0: it is asked.

        Raises:
            MeterError: it has no such rate, or does not take it.
        """
        self.period_s = period_s
        if update_s:
            words = {seconds: word for word, seconds in _RATES.items()}
            if update_s not in words:
                allowed = ", ".join(f"{seconds:g}" for seconds in words)
                raise MeterError(f"update_s={update_s:g} asked; allowed: {allowed}")
            self._instrument.write(f":RATE {words[update_s]}")
        if update_s or self._is_of(self.tells):
            self.updates_s = self._rate_s()
        if update_s and self.updates_s != update_s:
            raise MeterError(
                f"{self.identity} was told to update each {update_s:g} s; it says "
                f"{'nothing of it' if self.updates_s is None else f'{self.updates_s:g} s'}"
            )
        self.averaging_s = self.updates_s  # a value is the mean over its update period
        known_w = range_w or self._range_w()
        if known_w:
            self.error_pct, self.error_range_w = self.reading_pct, self.range_pct / 100 * known_w

    def _open(self, backend: str, baud: int) -> None:
        import pyvisa
        from pyvisa.resources import MessageBasedResource

        self._failures = (pyvisa.Error, OSError, ValueError)
        opened = pyvisa.ResourceManager(backend).open_resource(
            self._resource,
            read_termination="\n",
            write_termination=self.ends,
            timeout=round(1000 * _TIMEOUT_S),
        )
        if baud:
            cast(Any, opened).baud_rate = baud
        self._instrument = cast(MessageBasedResource, opened)
        self.identity = self._ask("*IDN?")

    def _prepare(self) -> None:
        item = self.energy_item if self._is_energy else "P"
        numbers = ("NUMBER 1", f"ITEM1 {item}{self.item}")
        for command in (*self.prepares, *(f":NUMERIC:NORMAL:{n}" for n in numbers)):
            self._instrument.write(command)
        if self._is_energy:
            for command in (":INTEG:RES", ":INTEG:MODE NORM", ":INTEG:TIM 0,0,0", ":INTEG:STAR"):
                self._instrument.write(command)

    def _is_of(self, marks: tuple[str, ...]) -> bool:
        return any(mark in self.identity for mark in marks)

    def _ask(self, question: str) -> str:
        return str(self._instrument.query(question)).strip()

    def _told(self, question: str) -> str | None:
        """An answer; None: it does not know the question, or does not answer it in time."""
        self._instrument.timeout = round(1000 * _SHORT_S)
        try:
            return self._ask(question)
        except self._failures:
            for _ in range(_LATE_ANSWERS):
                if self._ask("*IDN?") == self.identity:  # else it is an answer that came late
                    break
            return None
        finally:
            self._instrument.timeout = round(1000 * _TIMEOUT_S)

    def _rate_s(self) -> float | None:
        """Its update period; None: it does not say, or chooses it by itself."""
        match = _DURATION.fullmatch((self._told(":RATE?") or "").rpartition(" ")[2])
        if match is None:
            return None
        return float(match[1]) / (1000 if (match[2] or "").upper() == "MS" else 1)

    def _range_w(self) -> float | None:
        """Its voltage range times its current range; None: it does not say."""
        if not self._is_of(self.tells):
            return None
        product = 1.0
        for kind in ("VOLTAGE", "CURRENT"):
            try:
                product *= float((self._told(f":INPUT:{kind}:RANGE?") or "").rpartition(" ")[2])
            except ValueError:
                return None
        return product if math.isfinite(product) else None


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__

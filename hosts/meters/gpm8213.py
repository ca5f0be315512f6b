"""GW Instek GPM-8213 and GPM-8310 wall power meters, over SCPI through PyVISA.

The commands are those of the instruments' `:NUMERIC:NORMAL` tree. NAN means no value.
"""

from __future__ import annotations

from typing import cast

from hosts.core.errors import MeterError
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_TIMEOUT_S = 2.0


class Gpm8213(PolledMeter):
    """Asks for active power. Accuracy: 0.1 % of reading and of range, taken together as 0.2 %."""

    channels = (Channel(domain="wall"),)
    error_pct = 0.2

    def __init__(self, resource: str, period_s: float, backend: str) -> None:
        import pyvisa
        from pyvisa.resources import MessageBasedResource

        self.period_s = period_s
        self._resource = resource
        self._failures = (pyvisa.Error, OSError, ValueError)
        try:
            opened = pyvisa.ResourceManager(backend).open_resource(
                resource,
                read_termination="\r\n",
                write_termination="\r\n",
                timeout=round(1000 * _TIMEOUT_S),
            )
            self._instrument = cast(MessageBasedResource, opened)
            self.identity = str(self._instrument.query("*IDN?")).strip()
            if "GPM-8" in self.identity:
                for command in ("NUMBER 1", "ITEM1 P"):
                    self._instrument.write(f":NUMERIC:NORMAL:{command}")
        except self._failures as error:
            raise MeterError(f"no meter answers at {resource}: {_words(error)}") from error
        if "GPM-8" not in self.identity:
            raise MeterError(f"a GPM-8213 or GPM-8310 asked at {resource}, found {self.identity!r}")

    def read(self) -> list[float | None]:
        """Active power in W; NaN: no value."""
        try:
            answer = str(self._instrument.query(":NUMERIC:NORMAL:VALUE?")).strip()
        except self._failures as error:
            raise MeterError(
                f"{self.identity} at {self._resource} was asked for its power and did not answer "
                f"in {_TIMEOUT_S:g} s: {_words(error)}; is it on, its cable in, and nobody else "
                "connected to it?"
            ) from error
        try:
            return [float(answer.split(",")[0])]
        except ValueError as error:
            raise MeterError(f"a power expected of {self.identity}, found {answer!r}") from error


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def build(resource: str, period_s: float = 0.1, backend: str = "@py") -> Gpm8213:
    """The meter at a VISA resource: `ASRL/dev/ttyACM0::INSTR`, `TCPIP::10.0.0.7::23::SOCKET`."""
    return Gpm8213(resource, period_s, backend)

"""GW Instek GPM-8213 and GPM-8310 wall power meters, over SCPI through PyVISA.

The commands are those of the instruments' `:NUMERIC:NORMAL` tree. NAN means no value.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import cast

from hosts.core.errors import MeterError
from hosts.wire.readings import MeterHeader


class Gpm8213:
    """Asks for active power once a period."""

    def __init__(self, resource: str, period_s: float, backend: str) -> None:
        import pyvisa
        from pyvisa.resources import MessageBasedResource

        self._period_s = period_s
        try:
            opened = pyvisa.ResourceManager(backend).open_resource(
                resource, read_termination="\r\n", write_termination="\r\n", timeout=2000
            )
            self._instrument = cast(MessageBasedResource, opened)
            self._identity = str(self._instrument.query("*IDN?")).strip()
        except (pyvisa.Error, OSError, ValueError) as error:
            raise MeterError(f"no meter answers at {resource}: {error}") from error
        if "GPM-8" not in self._identity:
            raise MeterError(
                f"a GPM-8213 or GPM-8310 asked at {resource}, found {self._identity!r}"
            )
        for command in ("NUMBER 1", "ITEM1 P"):
            self._instrument.write(f":NUMERIC:NORMAL:{command}")

    def header(self) -> MeterHeader:
        """Accuracy: 0.1 % of the reading and 0.1 % of the range, taken together as 0.2 %."""
        return MeterHeader(
            meter="gpm8213",
            identity=self._identity,
            period_s=self._period_s,
            error_pct=0.2,
            emulated=False,
        )

    def readings(self) -> Iterator[list[tuple[int, float]]]:
        """Active power; a reading without a value is left out, so that it shows as a gap."""
        while True:
            before_ns = time.monotonic_ns()
            watts = self._ask_w()
            middle_ns = (before_ns + time.monotonic_ns()) // 2
            if not math.isnan(watts):
                yield [(middle_ns, watts)]
            left_s = self._period_s - (time.monotonic_ns() - before_ns) / 1e9
            time.sleep(max(0.0, left_s))

    def _ask_w(self) -> float:
        answer = str(self._instrument.query(":NUMERIC:NORMAL:VALUE?")).strip()
        try:
            return float(answer.split(",")[0])
        except ValueError as error:
            raise MeterError(f"a power expected of {self._identity}, found {answer!r}") from error


def build(resource: str, period_s: float = 0.1, backend: str = "@py") -> Gpm8213:
    """The meter at a VISA resource: `ASRL/dev/ttyACM0::INSTR`, `TCPIP::10.0.0.7::23::SOCKET`."""
    return Gpm8213(resource, period_s, backend)

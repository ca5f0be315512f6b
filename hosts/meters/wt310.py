"""Yokogawa WT310 and WT310E wall power meters."""

from __future__ import annotations

from hosts.meters._scpi import ScpiMeter


class Wt310(ScpiMeter):
    """Accuracy at 45 to 66 Hz: 0.1 % of reading and 0.2 % of range (WT310; the E is better).

    Its resource is such as `TCPIP::10.0.0.7::INSTR` or `ASRL/dev/ttyUSB0::INSTR`.
    """

    asked_for = "a WT310"
    marks = integrates = tells = ("WT310",)
    prepares = (":COMMUNICATE:HEADER OFF", ":NUMERIC:FORMAT ASCII")
    item = ",1"  # its only element
    range_pct = 0.2


build = Wt310.opened

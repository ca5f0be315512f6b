"""Yokogawa WT310 and WT310E wall power meters."""

from __future__ import annotations

from hosts.meters._scpi import ScpiMeter


class Wt310(ScpiMeter):
    """Accuracy at 45 to 66 Hz: 0.1 % of reading and 0.2 % of range (WT310; the E is better)."""

    asked_for = "a WT310"
    marks = integrates = tells = ("WT310",)
    prepares = (":COMMUNICATE:HEADER OFF", ":NUMERIC:FORMAT ASCII")
    item = ",1"  # its only element
    range_pct = 0.2


def build(
    resource: str,
    period_s: float = 0.1,
    backend: str = "@py",
    quantity: str = "power",
    update_s: float = 0.0,
    range_w: float = 0.0,
    baud: int = 0,
) -> Wt310:
    """The meter at a VISA resource: `TCPIP::10.0.0.7::INSTR`, `ASRL/dev/ttyUSB0::INSTR`."""
    meter = Wt310(resource, backend, quantity, baud)
    meter.set_up(period_s, update_s, range_w)
    return meter

"""GW Instek GPM-8213 and GPM-8310 wall power meters. The integrator is the 8310's alone."""

from __future__ import annotations

from hosts.meters._scpi import ScpiMeter


class Gpm8213(ScpiMeter):
    """Accuracy: 0.1 % of reading and of range, taken together as 0.2 % where no range is known.

    Its resource is such as `ASRL/dev/ttyACM0::INSTR` or `TCPIP::10.0.0.7::23::SOCKET`.
    """

    asked_for = "a GPM-8213 or GPM-8310"
    marks = ("GPM-8",)
    ends = "\r\n"
    energy_item = "WHP"
    integrates = tells = ("GPM-8310",)  # whether an 8213 knows `:RATE?` is not known
    range_pct = 0.1


build = Gpm8213.opened

"""A host's wall meter: an instrument on a TCP socket that shows the host's power, or errs."""

import time
from typing import Literal, NamedTuple

from tests.gpm import Instrument
from tests.lab.power import Energy

UPDATE_S = 0.1

Error = Literal["none", "frozen", "lagging", "swapped", "shared", "negative", "stuck"]


class MeterFaults(NamedTuple):
    """How the meter errs.

    Attributes:
        error: `frozen`: its value stays. `lagging`: it shows what was `lag_s` ago. `swapped`: it
            is on the other host. `shared`: it is on both. `negative`: its clamp is the wrong way
            round. `stuck`: it does not answer.
    """

    error: Error = "none"
    lag_s: float = 0.5


class WallMeter(Instrument):
    """A GPM-8213 that shows the mean power of its last update interval.

    Told to update otherwise, it is a GPM-8310, which says how often it does.

    Attributes:
        faults: how it errs; may be replaced at any time.
    """

    def __init__(self, address: str, own: Energy, other: Energy) -> None:
        self.faults = MeterFaults()
        self._own, self._other = own, other
        self._frozen: bytes | None = None
        self._update_s = UPDATE_S
        super().__init__(address)

    def set_update(self, update_s: float) -> None:
        """Have a new value each `update_s`."""
        self._update_s = update_s
        slow = update_s != UPDATE_S
        self.identity = b"GWInstek,GPM-8310,1,V1.05" if slow else b"GWInstek,GPM-8213,1,V1.05"
        self.rate_s = update_s if slow else None

    def power(self) -> bytes | None:
        """The value shown; None: no answer."""
        error, now_s = self.faults.error, time.monotonic()
        if error == "stuck":
            return None
        if error == "frozen":
            self._frozen = self._frozen or self._shown_at(now_s)
            return self._frozen
        self._frozen = None
        return self._shown_at(now_s - (self.faults.lag_s if error == "lagging" else 0.0))

    def _shown_at(self, now_s: float) -> bytes:
        # of what is not counted yet, on a machine that is late, it would miss a part for ever
        at_s = min(now_s, self._own.known_until_s, self._other.known_until_s)
        updated_s = at_s - at_s % self._update_s
        error = self.faults.error
        on = {"swapped": [self._other], "shared": [self._own, self._other]}.get(error, [self._own])
        watts = sum(energy.mean_w(updated_s, self._update_s) for energy in on)
        return f"{-watts if error == 'negative' else watts:.5E}".encode()

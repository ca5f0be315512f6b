"""A board's meter with faults: each reading is bent once, in turn, and then stays what it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.faults.base import MeterFault, OutletFault, Reading
from hosts.emulation.meter import BoardMeter
from hosts.emulation.other_board import OtherBoard


@dataclass
class FaultyMeter:
    """What a meter says, as its faults have it.

    Attributes:
        meter: the meter as it would be. faults: the board's.
        other: asked where a meter stands before it.
    """

    meter: BoardMeter
    faults: ActingFaults
    other: OtherBoard
    _said: list[Reading] = field(default_factory=list)
    _taken: int = 0
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def go_on(self) -> None:
        """Take up the readings that are complete by now."""
        async with self._alone:
            complete = self.meter.readings(self._taken)
            if complete and self.faults.of(OutletFault):
                await self.other.come_to(self.meter.span_ns(self._taken + len(complete) - 1)[1])
            for reading in complete:
                bent: Reading | None = await self._where_it_stands(reading)
                for fault in self.faults.of(MeterFault):
                    bent = None if bent is None else fault.bent(bent)
                if bent is not None:
                    self._said.append(bent)
                self._taken += 1

    def readings(self, first: int) -> list[Reading]:
        """What it has said from the index `first` on."""
        return self._said[first:]

    async def _where_it_stands(self, reading: Reading) -> Reading:
        """A reading as of the outlet that the meter measures."""
        outlets = [fault for fault in self.faults.of(OutletFault) if fault.acts(reading[0])]
        if not outlets:
            return reading
        span_ns = self.meter.span_ns(self._taken)
        own_w, other_w = (
            self.meter.board.history.mean_w(*span_ns),
            await self.other.mean_w(*span_ns),
        )
        return self.meter.reading_of(self._taken, outlets[0].true_w(own_w, other_w))

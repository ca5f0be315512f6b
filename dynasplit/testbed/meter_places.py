"""Where the meter programs of a host run: on it, on another machine, or on the controller."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from dynasplit.core.errors import ConfigurationError
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.controller import Controller
from dynasplit.testbed.meter_clock import (
    ControllerClock,
    MachineClock,
    MeterClock,
    OneClock,
    TwoClocks,
)
from dynasplit.testbed.program_host import ProgramHost
from dynasplit.testbed.programs import push_programs


class Place(NamedTuple):
    """A machine that runs meter programs.

    Attributes:
        machine: how it is reached. programs: the folder above the pushed programs there.
        clock: its clock against that of the host which is measured.
    """

    machine: ProgramHost
    programs: str
    clock: MeterClock


class MeterPlaces:
    """The places of one host's meters; each is opened once, when its first meter is."""

    def __init__(
        self, host: HostConnection, programs: str, opened: contextlib.ExitStack, *, emulated: bool
    ) -> None:
        """The host itself is there already.

        Args:
            host: which is measured.
            programs: the folder above the pushed programs there.
            opened: closes what is opened here.
            emulated: the host's time is a board's.
        """
        self._host, self._programs, self._opened = host, programs, opened
        self._emulated = emulated
        here = Place(host, programs, OneClock())
        self._places: dict[HostAddress | str | None, Place] = {None: here}
        self._host_clock: MachineClock | None = None

    def of(self, spec: MeterSpec) -> Place:
        """The place of a meter.

        Raises:
            ConfigurationError: it is another machine, and the host an emulated one.
            TestbedError: it cannot be reached, or does not tell its clock.
            WindowInvalid: the clocks cannot be compared closely enough.
        """
        if spec.runs_on not in self._places:
            if self._emulated:
                raise ConfigurationError(
                    f"{self._host.address}: meter {spec.name} is to run elsewhere; allowed: on the "
                    "host itself, since an emulated host's time is its board's"
                )
            self._places[spec.runs_on] = self._open(spec.runs_on)
        return self._places[spec.runs_on]

    def _open(self, runs_on: HostAddress | str | None) -> Place:
        machine: ProgramHost
        if isinstance(runs_on, HostAddress):
            machine = HostConnection(runs_on)
            self._opened.callback(machine.close)
        else:
            machine = Controller()
        programs = push_programs(machine)
        if self._host_clock is None:
            self._host_clock = MachineClock(self._host, self._programs)
            self._opened.callback(self._host_clock.close)
        if isinstance(machine, Controller):
            return Place(machine, programs, TwoClocks(ControllerClock(), self._host_clock))
        clock = MachineClock(machine, programs)
        self._opened.callback(clock.close)
        return Place(machine, programs, TwoClocks(clock, self._host_clock))

"""The quick part: what login, files and one reading tell of both hosts at once, within seconds."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dynasplit.core.errors import DynaSplitError, HostBusy, TestbedError
from dynasplit.preflight import (
    background,
    clock,
    disk,
    first_reading,
    identity,
    interpreter,
    meter_machine,
    packages,
    rights,
)
from dynasplit.preflight.findings import Finding, error, errors, failed, ok
from dynasplit.testbed.address import HostAddress, meter_machines
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.in_use import check_free
from dynasplit.testbed.looking import first_look, look
from dynasplit.testbed.meter_places import MeterPlaces
from dynasplit.testbed.programs import push_programs
from hosts.wire.preflight import FirstLook

LONGEST_S = 30.0
"""For a host as slow as a board with a memory card; one that is quick takes two seconds."""


@dataclass
class HostQuickly:
    """One host, as far as it has been looked at.

    Attributes:
        findings: in the order of the checks. first: what its interpreter told.
        knobs: those that may be set. meters: those that gave a reading.
        is_usable: its programs run. busy: another controller uses it; nothing else was looked at.
    """

    role: str
    address: HostAddress
    findings: list[Finding] = field(default_factory=list)
    first: FirstLook | None = None
    knobs: list[str] = field(default_factory=list)
    meters: list[str] = field(default_factory=list)
    is_usable: bool = False
    busy: HostBusy | None = None

    @property
    def usable_address(self) -> HostAddress:
        """The host with the knobs and meters that can be used."""
        return replace(
            self.address,
            knobs=tuple(name for name in self.address.knobs if name in self.knobs),
            meters=tuple(spec for spec in self.address.meters if spec.name in self.meters),
        )

    def look(self) -> None:
        """All checks of this host; each error is a finding."""
        started_s = time.monotonic()
        try:
            host = HostConnection(self.address)
        except TestbedError as why:
            self.findings.append(failed(self.role, "login", why))
            return
        try:
            check_free(host, self.role)
            took_s = time.monotonic() - started_s
            self.findings.append(ok(self.role, "login", f"{self.address}, in {took_s:.1f} s"))
            if self._look_first(host):
                self._look_with_programs(host)
        except HostBusy as why:
            self.busy = why
        finally:
            host.close()

    def _look_first(self, host: HostConnection) -> bool:
        """Interpreter, packages, disk, clock; False: no program would run there."""
        wanted = packages.asked_for(self.role, self.address.runtime)
        try:
            self.first, offset = first_look(host, wanted, disk.PLACES)
        except TestbedError as why:
            self.findings.append(failed(self.role, "interpreter", why))
            return False
        told = list(interpreter.check(self.role, self.address.python, self.first))
        if self.first.versions:
            told += packages.check(self.role, self.first, self.address.runtime)
        if self.first.free_mb or "free_mb" in self.first.failed:
            told += disk.check(self.role, self.first)
        if offset is not None:
            told += clock.check(self.role, offset)
        self.findings += told
        return not any(one.check in ("interpreter", "packages") for one in errors(told))

    def _look_with_programs(self, host: HostConnection) -> None:
        try:
            programs = push_programs(host)
            seen = look(host, programs, self.address.knobs)
        except TestbedError as why:
            self.findings.append(failed(self.role, "programs", why))
            return
        self.is_usable = not seen.shut_folders
        self.findings += rights.check(self.role, seen)
        self.knobs = [n for n, knob in seen.knobs.items() if not knob.shut and not knob.trouble]
        self.findings += background.check(self.role, seen)
        self._look_at_meters(host, programs)

    def _look_at_meters(self, host: HostConnection, programs: str) -> None:
        """One reading of each, from the machine that its program runs on."""
        is_board = self.first is not None and self.first.board
        with contextlib.ExitStack() as opened:
            places = MeterPlaces(host, programs, opened, emulated=is_board)
            shut = [] if is_board else self._shut_machines()
            for spec in self.address.meters:
                if spec.runs_on in shut:
                    continue
                try:
                    place = places.of(spec)
                except DynaSplitError as why:
                    self.findings.append(failed(self.role, f"meter {spec.name}", why))
                    continue
                told = first_reading.check(self.role, place.machine, spec, place.programs)
                self.findings.append(told)
                if told.verdict != "error":
                    self.meters.append(spec.name)

    def _shut_machines(self) -> list[HostAddress]:
        """Look at the other machines that meters run on; returns those that run no program."""
        shut = []
        for machine in meter_machines(self.address):
            told = list(meter_machine.check(self.role, machine))
            self.findings += told
            if errors(told):
                shut.append(machine)
        return shut


@dataclass(frozen=True)
class QuickPart:
    """What the quick part found.

    Attributes:
        findings: of both hosts, in order. edge: the edge host. cloud: likewise.
    """

    findings: list[Finding]
    edge: HostQuickly
    cloud: HostQuickly

    @property
    def is_one_machine(self) -> bool:
        """True if both roles are on one machine."""
        edge, cloud = self.edge.first, self.cloud.first
        return edge is not None and cloud is not None and identity.is_one_machine(edge, cloud)


def quick_part(edge: HostAddress, cloud: HostAddress, *, one_machine: bool = False) -> QuickPart:
    """Look at both hosts at once; whatever fails is a finding.

    Args:
        edge: where the edge is, with its knobs and meters.
        cloud: likewise.
        one_machine: both are meant to be one machine.

    Raises:
        HostBusy: another controller uses a host; told at once, whatever the other host does.
    """
    hosts = [HostQuickly("edge", edge), HostQuickly("cloud", cloud)]
    unfinished = set(_looked_at(hosts))
    findings: list[Finding] = []
    for host in hosts:
        findings += list(host.findings)
        if host.role in unfinished:
            findings.append(
                error(
                    host.role,
                    "time",
                    f"not looked at in full in {LONGEST_S:g} s",
                    "see whether the host is overloaded",
                )
            )
    first, second = (host.first for host in hosts)
    if first is not None and second is not None and not one_machine:
        findings += identity.check((edge, cloud), first, second)
    return QuickPart(findings, *hosts)


def _looked_at(hosts: Sequence[HostQuickly]) -> Iterator[str]:
    """Look at all hosts at once; yields the roles of those that take too long.

    Raises:
        HostBusy: of the first one that is found to be in use.
    """
    ended: queue.Queue[HostQuickly] = queue.Queue()
    until_s = time.monotonic() + LONGEST_S
    for host in hosts:
        threading.Thread(target=_guarded(host, ended.put), daemon=True).start()
    waiting = {host.role for host in hosts}
    with contextlib.suppress(queue.Empty):
        while waiting:
            host = ended.get(timeout=max(0.0, until_s - time.monotonic()))
            if host.busy is not None:
                raise host.busy
            waiting.discard(host.role)
    yield from waiting


def _guarded(host: HostQuickly, tell: Callable[[HostQuickly], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            host.look()
        except DynaSplitError as why:
            host.findings.append(failed(host.role, "look", why))
        finally:
            tell(host)

    return run

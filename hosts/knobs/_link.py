"""Shared by the knobs of the link from the edge to the cloud's tensor port, set on the edge."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hosts.core.errors import KnobError
from hosts.knobs import _shaping
from hosts.knobs.base import HostKnob, Value
from hosts.machine.tools import find_tool

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_NET_ADMIN = 12  # the number of the capability
MOST_MBIT_S = 100_000


class Link(NamedTuple):
    """What is set of the link."""

    mbit_s: int = MOST_MBIT_S
    delay_ms: int = 0
    loss_pct: int = 0


class LinkKnob(HostKnob):
    """One of what is set of the link; setting it leaves the others as they are."""

    kind = int
    where = "link"

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._bound_to: tuple[str, int] | None = None

    @abstractmethod
    def of(self, link: Link) -> int:
        """Its own value."""

    @abstractmethod
    def changed(self, link: Link, value: int) -> Link:
        """The link with this value."""

    def allowed(self) -> tuple[Value, ...]:
        """The same on every host with `tc` and `ip`."""
        missing = [name for name in ("tc", "ip") if find_tool(name) is None]
        if self._machine.emulated or missing:
            raise KnobError(f"no {self.name} here: {', '.join(missing) or 'a board'} (iproute2)")
        return self.ordered(self.values)

    def read(self) -> int:
        """What is set; without a setting what a link is by itself."""
        return self.of(self._link())

    def holds(self, value: Value) -> bool:
        """True if it is set so, towards the port that the cloud has now."""
        return self._bound_to == self._machine.link_target and self.read() == value

    def write(self, value: Value) -> None:
        """Set it, and read it back."""
        self.check_allowed(value)
        address, port = self._target()
        link = self.changed(self._link(), int(value))
        addresses = _shaping.addresses_of(address)
        device = self._device()
        _shaping.bind(device, link.mbit_s, addresses, port, link.delay_ms, link.loss_pct)
        self._bound_to = address, port
        if not self.holds(value):
            raise KnobError(f"{self.name}={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The device, whose qdisc is the kernel's default: another one is not replaced."""
        bound = _shaping.bound_mbit_s(self._device())
        return {"device": self._device(), "bound": "no" if bound is None else f"{bound:g}"}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Take all that is set of the link away."""
        self._bound_to = None
        _shaping.unbind(snapshot["device"])

    def discover(self) -> tuple[Value, ...]:
        """As any, where this user may set up networks."""
        values = super().discover()
        status = Path("/proc/self/status").read_text()
        held = re.search(r"^CapEff:\s*(\w+)", status, re.M)
        if held is None or not int(held[1], 16) >> _NET_ADMIN & 1:
            raise KnobError(
                "setting up a network needs CAP_NET_ADMIN: let the host's login be root, or leave "
                f"{self.name} out of hosts.edge.knobs"
            )
        return values

    def _link(self) -> Link:
        if self._machine.link_target is None:
            return Link()
        device = self._device()
        bound = _shaping.bound_mbit_s(device)
        mbit_s = MOST_MBIT_S if bound is None else round(bound)
        return Link(mbit_s, *_shaping.disturbed(device))

    def _device(self) -> str:
        return _shaping.device_to(_shaping.addresses_of(self._target()[0])[0])

    def _target(self) -> tuple[str, int]:
        target = self._machine.link_target
        if target is None:
            raise KnobError("the way to the cloud is not known before the edge is connected to it")
        return target

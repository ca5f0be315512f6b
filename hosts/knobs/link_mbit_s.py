"""The rate of the link from the edge to the cloud's tensor port, bounded on the edge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hosts.core.errors import KnobError
from hosts.knobs import _shaping
from hosts.knobs.base import HostKnob, Value
from hosts.machine.tools import find_tool

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_NET_ADMIN = 12  # the number of the capability
_MOST = 100_000


class LinkMbitS(HostKnob):
    """An upper bound; a slower link stays as it is."""

    name = "link_mbit_s"
    unit = "Mbit/s"
    kind = int
    where = "link"
    meaning = "upper bound of the rate from the edge to the cloud's tensor port"
    least = 1
    most = _MOST
    values = (1, 5, 20, 100, 1000)

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """The highest: at the last split point nothing is sent."""
        return cls.ordered(values)[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """`link 20 Mbit/s`."""
        return f"link {value} Mbit/s"

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._bound_to: tuple[str, int] | None = None

    def allowed(self) -> tuple[Value, ...]:
        """The same on every host with `tc` and `ip`."""
        missing = [name for name in ("tc", "ip") if find_tool(name) is None]
        if self._machine.emulated or missing:
            raise KnobError(f"no link_mbit_s here: {', '.join(missing) or 'a board'} (iproute2)")
        return self.values

    def read(self) -> int:
        """The bound; without one the most that there is."""
        if self._machine.link_target is None:
            return _MOST
        bound = _shaping.bound_mbit_s(self._device())
        return _MOST if bound is None else round(bound)

    def holds(self, value: Value) -> bool:
        """True if it is bound so, towards the port that the cloud has now."""
        return self._bound_to == self._machine.link_target and self.read() == value

    def write(self, value: Value) -> None:
        """Bound the rate, and read it back."""
        self.check_allowed(value)
        address, port = self._target()
        addresses = _shaping.addresses_of(address)
        _shaping.bind(self._device(), int(value), addresses, port)
        self._bound_to = address, port
        if not self.holds(value):
            raise KnobError(f"link_mbit_s={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The device, whose qdisc is the kernel's default: another one is not replaced."""
        bound = _shaping.bound_mbit_s(self._device())
        return {"device": self._device(), "bound": "no" if bound is None else f"{bound:g}"}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Take the bound away."""
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
                "link_mbit_s out of hosts.edge.knobs"
            )
        return values

    def _device(self) -> str:
        return _shaping.device_to(_shaping.addresses_of(self._target()[0])[0])

    def _target(self) -> tuple[str, int]:
        target = self._machine.link_target
        if target is None:
            raise KnobError("the way to the cloud is not known before the edge is connected to it")
        return target

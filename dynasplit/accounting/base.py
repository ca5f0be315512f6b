"""The one formula of energy accounting.

    energy = sum over hosts of (drawn above idle) + (idle power) x (seconds that the request pays)

*Drawn above idle* is what a host's counted channels draw in its window, less idle power for as
long; *idle power* is that of the host's state; an accounting says the seconds. All of a request,
that is of one inference: windows are divided by the inferences that they count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Role = Literal["edge", "cloud"]
ROLES: tuple[Role, Role] = ("edge", "cloud")


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds of one inference.

    Attributes:
        request_s: from its arrival to its answer; where inferences overlap, its share of the time.
        cloud_s: decoding and computing the tail; 0: it had none.
    """

    request_s: float
    cloud_s: float

    def occupied_s(self, role: Role) -> float:
        """For how long it occupies a host: the edge all the time, the cloud while it computes."""
        return self.request_s if role == "edge" else self.cloud_s


class Pays(NamedTuple):
    """Of which instants a request pays a host's idle power, in a stretch in which it is served.

    Attributes:
        time: while it occupies the host (`occupied`), from its arrival to its answer (`request`),
            or from the answer before it to its own, knobs not being switched (`between`).
        share: of the idle power then, 0 to 1.
    """

    time: Literal["occupied", "request", "between"]
    share: float


class Accounting(Protocol):
    """The rule by which a request pays for the idle power of hosts.

    Attributes:
        meaning: what is counted, in one line.
        by_occupation: what a host counts depends on that host's own times alone.
    """

    meaning: str
    by_occupation: bool

    @property
    def label(self) -> str:
        """Its name, with the options that differ from those by default; tables keep it."""
        ...

    def idle_s(self, role: Role, times: Times) -> float:
        """The seconds of a host's idle power that a request pays for."""
        ...

    def pays(self, role: Role) -> Pays:
        """The instants of a host's idle power that a request pays for; so many in all."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a host drew for one inference.

    Attributes:
        energy_j: of its counted channels over its window, idle power included.
        window_s: the window's length, an inference.
        idle_w: idle power of the host's state; None: not measured.
    """

    energy_j: float
    window_s: float
    idle_w: float | None = None

    def paid_j(self, idle_s: float) -> float | None:
        """With as many seconds of idle power as are paid for; None: not known without it."""
        if idle_s == self.window_s:
            return self.energy_j
        return (
            None if self.idle_w is None else self.energy_j - self.idle_w * (self.window_s - idle_s)
        )

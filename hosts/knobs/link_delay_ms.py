"""A delay added to the link from the edge to the cloud's tensor port."""

from __future__ import annotations

from collections.abc import Iterable

from hosts.knobs._link import Link, LinkKnob
from hosts.knobs.base import Value


class LinkDelayMs(LinkKnob):
    """By the kernel's `netem`; what comes back is not touched."""

    name = "link_delay_ms"
    unit = "ms"
    meaning = "delay added on the way from the edge to the cloud's tensor port"
    least = 0
    most = 10000
    values = (0, 5, 20, 50, 100)
    plain_is_fastest = True

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """The least: at the last split point nothing is sent."""
        return cls.ordered(values)[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """`link +20 ms`, or nothing."""
        return f"link +{value} ms" if value else ""

    @classmethod
    def added_s(cls, value: Value) -> float | None:
        """One way of the round trip has it."""
        return float(value) / 1000

    def of(self, link: Link) -> int:
        """What is added."""
        return link.delay_ms

    def changed(self, link: Link, value: int) -> Link:
        """Another one."""
        return link._replace(delay_ms=value)

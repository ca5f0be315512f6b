"""Packets lost on the link from the edge to the cloud's tensor port."""

from __future__ import annotations

from collections.abc import Iterable

from hosts.knobs._link import Link, LinkKnob
from hosts.knobs.base import Value


class LinkLossPct(LinkKnob):
    """By the kernel's `netem`; what comes back is not touched."""

    name = "link_loss_pct"
    unit = "%"
    meaning = "share of packets lost on the way from the edge to the cloud's tensor port"
    least = 0
    most = 100
    values = (0, 1, 2, 5)
    plain_is_fastest = True

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """The least: at the last split point nothing is sent."""
        return cls.ordered(values)[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """`link -2 %`, or nothing."""
        return f"link -{value} %" if value else ""

    def of(self, link: Link) -> int:
        """What is added."""
        return link.loss_pct

    def changed(self, link: Link, value: int) -> Link:
        """Another one."""
        return link._replace(loss_pct=value)

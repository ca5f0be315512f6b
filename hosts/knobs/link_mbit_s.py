"""The rate of the link from the edge to the cloud's tensor port; `_shaping` (`tc`) says how.

It is bounded on the edge.
"""

from __future__ import annotations

from collections.abc import Iterable

from hosts.knobs._link import MOST_MBIT_S, Link, LinkKnob
from hosts.knobs.base import Value


class LinkMbitS(LinkKnob):
    """An upper bound; a slower link stays as it is."""

    name = "link_mbit_s"
    unit = "Mbit/s"
    meaning = "upper bound of the rate from the edge to the cloud's tensor port"
    least = 1
    most = MOST_MBIT_S
    values = (1, 5, 20, 100, 1000)

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """The highest: at the last split point nothing is sent."""
        return cls.ordered(values)[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """`link 20 Mbit/s`."""
        return f"link {value} Mbit/s"

    def of(self, link: Link) -> int:
        """The bound."""
        return link.mbit_s

    def changed(self, link: Link, value: int) -> Link:
        """Another bound."""
        return link._replace(mbit_s=value)

"""The codec of intermediate tensors between the hosts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hosts.knobs.base import Knob, Value

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile


PLAIN = "none"


class CodecKnob(Knob):
    """The codec of the intermediate tensor, carried by each run order."""

    name = "codec"
    kind = str
    where = "link"
    meaning = "how the intermediate tensor is sent"
    plain = PLAIN
    plain_is_fastest = True

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """At the last split point nothing is sent: the plainest of the values."""
        return cls.ordered(values)[-1]

    @classmethod
    def shown(cls, value: Value) -> str:
        """`codec zstd`; nothing for `none`."""
        return "" if value == PLAIN else f"codec {value}"

    @classmethod
    def allowed_of(cls, profile: Profile | None) -> tuple[Value, ...]:
        """The codecs there are; with a profile, those whose costs it says."""
        from hosts import codecs

        names = codecs.names()
        if profile is None:
            return tuple(names)
        costs = {PLAIN, *profile.codecs}
        return tuple(name for name in names if costs.issuperset(name.split("+")))

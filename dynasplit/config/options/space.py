"""The options of `space`: the knob values that may be searched."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import TYPE_CHECKING

from hosts.knobs.base import knobs


def _space_conf() -> type:
    """A field for each knob, with a list of its kind of values; None: all that there are."""
    kinds = {name: knob.kind for name, knob in knobs().items()}
    options = [(n, list[kind] | None, field(default=None)) for n, kind in kinds.items()]  # type: ignore[valid-type]
    made = make_dataclass("SpaceConf", options)
    made.__doc__ = "Knob values to search; None: all that the hosts offer, or the plain one."
    return made


if TYPE_CHECKING:

    @dataclass
    class SpaceConf:
        """Knob values to search: a field for each knob."""

else:
    SpaceConf = _space_conf()

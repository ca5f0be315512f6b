"""The number of images that head and tail take at once."""

from __future__ import annotations

from hosts.knobs.base import Knob, Value


class BatchSize(Knob):
    """Images that are inferred together; carried by each run order."""

    name = "batch_size"
    kind = int
    where = "software"
    meaning = "images that are inferred at once"
    least = 1
    most = 100_000
    plain = 1
    plain_is_fastest = True

    @classmethod
    def shown(cls, value: Value) -> str:
        """`batch 4`; nothing for single images."""
        return "" if value == 1 else f"batch {value}"

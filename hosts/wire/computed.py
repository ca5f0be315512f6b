"""The libraries that computed a run, as messages carry them."""

from __future__ import annotations

import msgspec


class Ran(msgspec.Struct, frozen=True):
    """The libraries that computed a run, and what they did before it could be timed.

    Attributes:
        edge_runtime: of the head, with its version; None: none did. cloud_runtime: of the tail.
        cloud_device: where the tail ran, such as `GPU:0`.
        edge_load_ms: opening the head; None: it was open. cloud_compile_ms: the tail's first run.
    """

    edge_runtime: str | None = None
    cloud_runtime: str | None = None
    cloud_device: str | None = None
    edge_load_ms: float | None = None
    cloud_compile_ms: float | None = None


class TailFacts(msgspec.Struct, frozen=True):
    """What computed a tail: library and version, device; what compiling took, None: nothing."""

    runtime: str
    device: str
    compile_ms: float | None = None

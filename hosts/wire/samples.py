"""What a host's sampler sees while a window is measured."""

from __future__ import annotations

import msgspec


class HostSample(msgspec.Struct, array_like=True):
    """What a host saw of itself at one moment; None: it does not tell. Sums go on since its start.

    Attributes:
        time_ns: on the host's clock.
        cpu_mhz: of the fastest of the CPUs that the agent keeps to.
        temperature_c: the hottest thermal zone.
        others_s: CPU time so far of all programs but the agent and what it started, of all CPUs.
        cpus: how many CPUs.
        throttled: times that the processor was throttled so far, or its firmware's flags.
        swapped_pages: memory pages written to swap or read back so far.
    """

    time_ns: int
    cpu_mhz: float | None = None
    temperature_c: float | None = None
    others_s: float | None = None
    cpus: int = 1
    throttled: int | None = None
    swapped_pages: int | None = None


SAMPLED = ("cpu_mhz", "temperature_c", "others_s", "throttled", "swapped_pages")
"""The figures of a sample, each of which a host may lack."""


class Noted(msgspec.Struct, kw_only=True, frozen=True):
    """What a host notes of itself beside the figures of a run, or of an idle window.

    Attributes:
        state: what it holds open that draws power while it idles: `accelerator`, `gpu`; empty:
            nothing.
        took_ns: the run by the host's clock, told by emulated boards alone. took_board_ns: by
            board time.
    """

    state: str = ""
    took_ns: int | None = None
    took_board_ns: int | None = None

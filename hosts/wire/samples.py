"""What a host's sampler sees while a window is measured."""

from __future__ import annotations

from collections.abc import Sequence

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
        loop_ns: time of one iteration of a loop of pure computing, where one was gone through.
    """

    time_ns: int
    cpu_mhz: float | None = None
    temperature_c: float | None = None
    others_s: float | None = None
    cpus: int = 1
    throttled: int | None = None
    swapped_pages: int | None = None
    loop_ns: float | None = None


SAMPLED = ("cpu_mhz", "temperature_c", "others_s", "throttled", "swapped_pages", "loop_ns")
"""The figures of a sample, each of which a host may lack."""


_SHORTEST_S = 0.2  # CPU time is counted in steps of 10 ms


def busy_pct(samples: Sequence[HostSample]) -> float | None:
    """The share of a host's CPUs that others took between the first sample and the last.

    Returns:
        None: it is not told, or the samples are too close to each other.
    """
    told = [(s.time_ns / 1e9, s.others_s) for s in samples if s.others_s is not None]
    if len(told) < 2 or told[-1][0] - told[0][0] < _SHORTEST_S:
        return None
    (began_s, before_s), (ended_s, after_s) = told[0], told[-1]
    return 100.0 * max(0.0, after_s - before_s) / (ended_s - began_s) / samples[-1].cpus


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

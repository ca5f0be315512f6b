"""Whether a warm-up has come to rest: its last third takes as long as the third before.

Of latency alone: the edge's agent asks it (`hosts/agents/window.py`), and the gate `not_warm`. For
power so long is waited as meters lag (`SshTestbed`); the gate `steady` looks afterwards.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from hosts.wire.messages import Inference

FEWEST = 9
"""Times of a warm-up that can be judged: three in each third."""
WITHIN = 0.01
"""Share of the latency by which two thirds may differ whatever their noise."""
_SURE = 3.0  # standard errors of the difference
_OF_MEDIAN = 1.253  # its standard error, of the mean's


def change(times: Sequence[float]) -> float | None:
    """From the third before the last one to the last, as a share, beyond its noise.

    The first third is left out: it holds first calls, of an accelerator or a GPU too.

    Args:
        times: of a warm-up's batches, in order.

    Returns:
        None: too few, or without duration. Three standard errors of the difference of the medians
        are taken off. Noise is told from successive differences (von Neumann et al. 1941), which a
        trend hardly moves.
    """
    third = len(times) // 3
    if len(times) < FEWEST:
        return None
    before, last = times[-2 * third : -third], times[-third:]
    middle = statistics.median(before)
    if middle <= 0:
        return None
    steps = [later - one for part in (before, last) for one, later in pairwise(part)]
    spread = math.sqrt(statistics.fmean(step**2 for step in steps) / 2)
    noise = _SURE * _OF_MEDIAN * spread * math.sqrt(2 / third)
    difference = statistics.median(last) - middle
    return math.copysign(max(0.0, abs(difference) - noise), difference) / middle


def times_ns(batches: Sequence[Inference], pipelined: bool) -> list[int]:
    """How long each batch took; where they overlap, from the result before to its own."""
    if pipelined:
        return [later.end_ns - before.end_ns for before, later in pairwise(batches)]
    return [batch.end_ns - batch.start_ns for batch in batches]


def is_steady(times: Sequence[float]) -> bool:
    """True if a warm-up may end."""
    found = change(times)
    return found is not None and abs(found) <= WITHIN

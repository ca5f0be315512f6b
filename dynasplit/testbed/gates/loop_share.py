"""Networks so small that the agent's own loop counts."""

from __future__ import annotations

from itertools import pairwise

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class LoopShare(Gate):
    """What the agent does between inferences, as a share of the window.

    It is in no latency, but its power is in the window's energy, which is divided by the
    inferences. In throughput mode heads follow each other while results come: nothing is told.
    """

    name = "loop_share"
    unit = "pct"
    meaning = "the agent's own work between inferences is a small part of the window"
    source = "energy of an inference is the window's, divided by their number"
    thresholds = (Threshold("max_pct", 10.0, "time between inferences, of the window", 0, 100),)
    cost = "none"
    without = "energies of very small networks are those of a Python loop"

    def check(self, window: Window) -> Verdict | None:
        """The time from each batch's end to the next one's start."""
        batches = window.inferences[:: window.report.batch_size]
        if window.report.mode != "latency" or len(batches) < 2:
            return None
        between_ns = sum(later.start_ns - before.end_ns for before, later in pairwise(batches))
        share_pct = 100.0 * between_ns / (batches[-1].end_ns - batches[0].start_ns)
        limit_pct = self.limit("max_pct")
        each_ms = between_ns / (len(batches) - 1) / 1e6
        said = (
            f"{share_pct:.0f} % of the window, {each_ms:.2g} ms an inference, is the agent's own "
            f"work between inferences; at most {limit_pct:g} % may be: the energy holds it too; "
            "measure.batch_size takes several at once"
        )
        return Verdict(share_pct, limit_pct, said if share_pct > limit_pct else "")

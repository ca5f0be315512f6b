"""Requests on two hosts: one inference each, and switching apart from it."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.core.measurement import Measurement, Source
from dynasplit.core.space import Configuration
from dynasplit.testbed import window_times
from hosts.wire.messages import RunReport
from hosts.wire.window_rules import WindowRules


def request_rules(is_switched: bool) -> WindowRules:
    """One inference; after a switch, one before it that is not counted.

    It loads what is loaded when it is first used: a head, an accelerator's weights, a kernel.
    """
    warmup = 1 if is_switched else 0
    return WindowRules(warmup=warmup, min_inferences=1, max_inferences=1, min_window_s=0.0)


def served_inference(
    configuration: Configuration,
    report: RunReport,
    source: Source,
    *,
    set_s: float,
    spent_s: float,
    flags: Sequence[str],
) -> Measurement:
    """What a request took.

    Args:
        configuration: that it was served with.
        report: the edge's.
        source: where the figures come from.
        set_s: setting the knobs before it.
        spent_s: all that it cost the testbed.
        flags: of the faults that emulated hosts were given.
    """
    (own, *_) = window_times.counted(report)
    stages = window_times.stages([own], report.batch_size)
    return Measurement(
        configuration=configuration,
        source=source,
        latency_ms=stages.latency_ms,
        edge_ms=stages.edge_ms,
        transfer_ms=stages.transfer_ms,
        cloud_ms=stages.cloud_ms,
        encode_ms=stages.encode_ms,
        decode_ms=stages.decode_ms,
        mode=report.mode,
        inferences=1,
        switch_ms=1000 * set_s + (own.start_ns - report.inferences[0].start_ns) / 1e6,
        testbed_time_s=spent_s,
        conditions=report.conditions,
        flags=tuple(flags),
    )

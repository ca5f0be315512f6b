"""From a window that has passed its gates to the measurement that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from dynasplit.accounting._view import viewed
from dynasplit.accounting.base import ROLES
from dynasplit.core.measurement import Measurement, Source, kept_latencies
from dynasplit.core.space import Configuration
from dynasplit.testbed import window_times
from dynasplit.testbed.baseline import Baselines
from dynasplit.testbed.energy import busy_of
from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.judging import Findings
from dynasplit.testbed.quality import Quality
from dynasplit.testbed.uncertain import uncertainty_of


class FinishedRun(NamedTuple):
    """A run of a configuration, with what was found of it.

    Attributes:
        configuration: its own. repeat: its runs before this one.
        window: with inferences and energies. found: what the gates found of it.
        quality: of its outputs.
        spent_s: what it cost in testbed time.
    """

    configuration: Configuration
    repeat: int
    window: Window
    found: Findings
    quality: Quality
    spent_s: float


def measurement_of(
    run: FinishedRun,
    baselines: Baselines,
    upkept: Iterable[Findings],
    source: Source,
    faults: Sequence[str],
) -> Measurement:
    """A run's measurement.

    Args:
        run: the run.
        baselines: idle power of both hosts.
        upkept: what gates found between windows: of baselines, of the control.
        source: where the figures come from.
        faults: flags of the faults that emulated hosts were given.
    """
    report, energies, every = run.window.report, run.window.energies, [*upkept, run.found]
    inside = window_times.counted(report)
    stages = window_times.stages(inside, report.batch_size)
    start_ns, end_ns = window_times.edge_window_ns(report)
    busy = busy_of(report)
    measurement = Measurement(
        configuration=run.configuration,
        repeat=run.repeat,
        source=source,
        latency_ms=stages.latency_ms,
        latency_spread_ms=stages.spread_ms,
        inference_ms=kept_latencies([(i.end_ns - i.start_ns) / 1e6 for i in inside]),
        **run.quality._asdict(),
        edge_ms=stages.edge_ms,
        transfer_ms=stages.transfer_ms,
        cloud_ms=stages.cloud_ms,
        energy_j=energies.energy_j,
        edge_energy_j=energies.edge_energy_j,
        cloud_energy_j=energies.cloud_energy_j,
        edge_samples=energies.edge_samples,
        cloud_samples=energies.cloud_samples,
        channels=energies.channels | baselines.channels_w,
        conditions=report.conditions,
        gates={name: value for one in every for name, value in one.figures.items()},
        flags=(*faults, *dict.fromkeys(flag for one in every for flag in one.flags)),
        edge_idle_w=baselines.idle_in("edge", report.noted.state),
        cloud_idle_w=baselines.idle_w("cloud"),
        edge_busy_ms=1000 * busy.edge_s,
        cloud_busy_ms=1000 * busy.cloud_s,
        tensor_kb=report.tensor_bytes / 1024,
        **msgspec.structs.asdict(report.ran),
        mode=report.mode,
        throughput_rps=window_times.throughput_rps(report),
        wire_kb=stages.wire_kb,
        encode_ms=stages.encode_ms,
        decode_ms=stages.decode_ms,
        inferences=len(inside),
        window_s=(end_ns - start_ns) / 1e9,
        testbed_time_s=run.spent_s,
        uncertainty=_uncertainty(run.window, baselines),
    )
    return viewed([measurement], baselines.rules.accounting)[0]


def _uncertainty(window: Window, baselines: Baselines) -> dict[str, float]:
    """What the window and its meters leave open."""
    hosts = {role: window.hosts[role] for role in ROLES}
    return uncertainty_of(
        window.report,
        {role: host.traces for role, host in hosts.items()},
        {role: host.headers for role, host in hosts.items()},
        baselines.idles,
    )

"""Measurements of configurations, their summaries, and the testbed protocol."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from dynasplit.core.provenance import FAULT_FLAG, Source, faults_of
from dynasplit.core.space import Configuration

T = TypeVar("T")
KEPT_INFERENCES = 256
"""Latencies of single inferences that a measurement keeps at most."""
_QUANTILES = 101

__all__ = [
    "FAULT_FLAG",
    "Measurement",
    "Source",
    "Summary",
    "ServingTestbed",
    "Testbed",
    "faults_of",
    "summarise",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured run of a configuration; figures are per inference unless named otherwise.

    Absent values are None. Latencies are medians over the window's inferences, energies means
    over the window. An inference in a batch takes as long as its batch.

    Attributes:
        configuration: what was measured.
        repeat: 0 for the first run of this configuration, 1 for the next.
        source: where the figures come from.
        latency_ms: from the start of the head to the arrival of the result.
        energy_j: edge plus cloud, as `accounting` counts them.
        accounting: the label of the accounting by which energies are counted.
        accuracy: top-1 share of labelled images (0..1).
        fidelity: share of images whose top-1 class equals the unsplit network's (0..1).
        accuracy_top5: share of labelled images whose class is among the five highest outputs.
        output_mae: mean absolute difference of the outputs to the unsplit network's.
        images: on how many images accuracy and fidelity were determined.
        right: which of the labelled ones were classified correctly (`right_images.packed`).
        latency_spread_ms: interquartile range over the window's inferences.
        inference_ms: the latency of each inference, in their order (see `kept_latencies`); empty:
            not kept, as in tables of elsewhere.
        switch_ms: of a request: setting knobs and warming up before it, which is no part of its
            latency; None: not known.
        edge_ms: computing the head. cloud_ms: computing the tail.
        transfer_ms: all between them, and the way back: encoding, waiting, decoding included.
        edge_energy_j: the edge's part. cloud_energy_j: the cloud's.
        edge_idle_w: idle power of the edge's state. cloud_idle_w: of the cloud's.
        edge_busy_ms: mean time of head and encoding. cloud_busy_ms: of decoding and tail.
        tensor_kb: size of an image's tensor before it is encoded, in 1024 bytes.
        edge_load_ms: opening the head, before the window; None: it was open.
        cloud_compile_ms: the first run of a tail, which compiles it; None: it was compiled.
        edge_runtime: the library that computed the heads, with its version.
        cloud_runtime: likewise of the tails. cloud_device: where they ran, such as `GPU:0`.
        mode: latency (one batch at a time) or throughput (edge, link and cloud at once).
        throughput_rps: inferences per second over the window.
        wire_kb: size of an image's tensor on the wire. encode_ms: encoding a batch on the edge.
        decode_ms: decoding it in the cloud; both are within transfer_ms.
        inferences: how many the window counts.
        edge_samples: meter samples within the window on the edge. cloud_samples: on the cloud.
        window_s: the window's length.
        testbed_time_s: what the measurement cost, reconfiguration and warm-up included.
        channels: of each meter channel, by name and unit: energy over the host's window
            (`edge_wall_j`, idle power included) and idle baseline (`edge_wall_idle_w`).
        conditions: observed with the window, by host or link, name and unit
            (`edge_temperature_c`, `link_bandwidth_mbit_s`).
        gates: what each gate found of the window, by its name and unit (`steady_pct`).
        uncertainty: what meters and window leave open of each host's energy, whatever accounting
            counts it (`edge_reading_pct`; `dynasplit.uncertainty.measurements` says which).
        flags: what is doubtful about it, by name of the check or gate; and what is to be said of
            it (`provenance.STATED_FLAGS`), such as faults of emulated hosts.
    """

    configuration: Configuration
    repeat: int = 0
    source: Source = "measured"
    latency_ms: float
    energy_j: float | None = None
    accounting: str = "occupied"
    accuracy: float | None = None
    fidelity: float | None = None
    accuracy_top5: float | None = None
    output_mae: float | None = None
    images: int | None = None
    right: str | None = None
    latency_spread_ms: float | None = None
    inference_ms: tuple[float, ...] = ()
    switch_ms: float | None = None
    edge_ms: float | None = None
    transfer_ms: float | None = None
    cloud_ms: float | None = None
    edge_energy_j: float | None = None
    cloud_energy_j: float | None = None
    edge_idle_w: float | None = None
    cloud_idle_w: float | None = None
    edge_busy_ms: float | None = None
    cloud_busy_ms: float | None = None
    tensor_kb: float | None = None
    edge_load_ms: float | None = None
    cloud_compile_ms: float | None = None
    edge_runtime: str | None = None
    cloud_runtime: str | None = None
    cloud_device: str | None = None
    mode: str | None = None
    throughput_rps: float | None = None
    wire_kb: float | None = None
    encode_ms: float | None = None
    decode_ms: float | None = None
    inferences: int | None = None
    edge_samples: int | None = None
    cloud_samples: int | None = None
    window_s: float | None = None
    testbed_time_s: float | None = None
    channels: Mapping[str, float] = field(default_factory=dict)
    conditions: Mapping[str, float] = field(default_factory=dict)
    gates: Mapping[str, float] = field(default_factory=dict)
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    @property
    def quality(self) -> float | None:
        """Accuracy where it was measured, else fidelity."""
        return self.accuracy if self.accuracy is not None else self.fidelity


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The repeats of one configuration, summarised robustly.

    Attributes:
        configuration: what was measured.
        repeats: how many runs.
        latency_ms: median over the runs. energy_j: likewise.
        accuracy: median over the runs. fidelity: likewise.
        latency_q25_ms: quartiles over the runs. latency_q75_ms: likewise.
        energy_q25_j: quartiles over the runs. energy_q75_j: likewise.
        latencies_ms: of all runs' inferences, ascending, at most 101 evenly spaced quantiles of
            them; where single inferences are not kept, every run's.
        images: on how many images accuracy and fidelity were determined; None: not known.
        right: which of the labelled ones were classified correctly; None: not known.
        energy_low_j: the 95 % interval of the median energy. energy_high_j: likewise; None: its
            uncertainty is not known, or was not asked for.
    """

    configuration: Configuration
    repeats: int
    latency_ms: float
    energy_j: float | None
    accuracy: float | None
    fidelity: float | None
    latency_q25_ms: float
    latency_q75_ms: float
    energy_q25_j: float | None
    energy_q75_j: float | None
    latencies_ms: tuple[float, ...] = ()
    images: int | None = None
    right: str | None = None
    energy_low_j: float | None = None
    energy_high_j: float | None = None

    @property
    def quality(self) -> float | None:
        """Accuracy where it was measured, else fidelity."""
        return self.accuracy if self.accuracy is not None else self.fidelity


class Testbed(Protocol):
    """Measures configurations: hosts over SSH, recorded runs, or a profile."""

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """Measure one configuration.

        Args:
            configuration: a valid one of the testbed's space.
            repeat: counts the runs of this configuration; keys emulated noise.
            request: the online request it serves, if it serves one; keys emulated noise.
            stream: who asks in the online phase (a policy's name); keys emulated noise.

        Raises:
            TestbedError: a host failed. WindowInvalid: this measurement failed.
        """
        ...


class ServingTestbed(Testbed, Protocol):
    """A testbed that serves requests, each of which is one inference."""

    def infer(
        self, configuration: Configuration, *, request: int, stream: str = "", payload: int = 0
    ) -> Measurement:
        """Serve a request: switch to a configuration if need be, then infer once.

        Args:
            configuration: a valid one of the testbed's space.
            request: its number; keys emulated noise.
            stream: who asks (a policy's name); keys emulated noise.
            payload: which image, by its number; they are taken in turn.

        Returns:
            Its own latency and stages, `inferences` 1, `switch_ms`; without energy, for which one
            inference is too short.

        Raises:
            TestbedError: a host failed. WindowInvalid: this attempt failed.
        """
        ...


ServingTestbed.__test__ = False  # type: ignore[attr-defined]
Testbed.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test class


def kept_latencies(latencies_ms: Sequence[float]) -> tuple[float, ...]:
    """A window's latencies to a tenth of a microsecond, evenly spaced ones where there are many."""
    step = max(1.0, len(latencies_ms) / KEPT_INFERENCES)
    count = min(len(latencies_ms), KEPT_INFERENCES)
    return tuple(round(latencies_ms[int(i * step)], 4) for i in range(count))


def summarise(measurements: Iterable[Measurement]) -> list[Summary]:
    """Summarise repeats by configuration, in the order in which configurations first appear."""
    groups: dict[Configuration, list[Measurement]] = {}
    for measurement in measurements:
        groups.setdefault(measurement.configuration, []).append(measurement)
    return [_summary(configuration, runs) for configuration, runs in groups.items()]


def _summary(configuration: Configuration, runs: Sequence[Measurement]) -> Summary:
    latencies = sorted(m.latency_ms for m in runs)
    energies = sorted(m.energy_j for m in runs if m.energy_j is not None)
    latency = _quartiles(latencies)
    energy = _quartiles(energies) if len(energies) == len(runs) else (None, None, None)
    return Summary(
        configuration=configuration,
        repeats=len(runs),
        latency_q25_ms=latency[0],
        latency_ms=latency[1],
        latency_q75_ms=latency[2],
        energy_q25_j=energy[0],
        energy_j=energy[1],
        energy_q75_j=energy[2],
        accuracy=_median([m.accuracy for m in runs]),
        fidelity=_median([m.fidelity for m in runs]),
        latencies_ms=_spread(runs, latencies),
        images=_common([m.images for m in runs]),
        right=_common([m.right for m in runs]),
    )


def _spread(runs: Sequence[Measurement], latencies: Sequence[float]) -> tuple[float, ...]:
    """The latencies by which a quantile is chosen, ascending."""
    if not all(run.inference_ms for run in runs):
        return tuple(latencies)
    every = sorted(ms for run in runs for ms in run.inference_ms)
    if len(every) <= _QUANTILES:
        return tuple(every)
    places = (i * (len(every) - 1) // (_QUANTILES - 1) for i in range(_QUANTILES))
    return tuple(every[place] for place in places)


def _quartiles(ordered: Sequence[float]) -> tuple[float, float, float]:
    if len(ordered) == 1:
        return ordered[0], ordered[0], ordered[0]
    q25, q50, q75 = statistics.quantiles(ordered, n=4, method="inclusive")
    return q25, q50, q75


def _common(values: Sequence[T | None]) -> T | None:
    """What all have; None: they differ, as runs on other images do."""
    return values[0] if len(set(values)) == 1 else None


def _median(values: Sequence[float | None]) -> float | None:
    present = [v for v in values if v is not None]
    return statistics.median(present) if present else None

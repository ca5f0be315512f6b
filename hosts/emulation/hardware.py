"""A testbed's hardware: boards, meters, link, and noise."""

from __future__ import annotations

import msgspec

Line = tuple[float, float]


class Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A part of a profile; an unknown field in the file is an error."""


class Meter(Strict, frozen=True, omit_defaults=True):
    """The power meter that stands at a board.

    Attributes:
        period_s: each reading is the mean over such a period.
        gain_pct: bound of its fixed relative error, the same for all its readings.
        noise_pct: standard deviation of each reading, relative.
        domain: what of the host it measures, as its channel says.
    """

    identity: str
    period_s: float
    gain_pct: float
    noise_pct: float
    domain: str = "wall"


class Start(Strict, frozen=True):
    """The settings of a board when it is switched on."""

    governor: str
    cpu_mhz: int


class EdgeBoard(Strict, frozen=True, omit_defaults=True):
    """The edge host's hardware; power lines are (W, W per GHz) by accelerator mode."""

    name: str
    cpu_mhz: tuple[int, ...]
    governors: tuple[str, ...]
    start: Start
    accelerator_modes: tuple[str, ...]
    active_w: dict[str, Line]
    waiting_w: dict[str, Line]
    reconfigure_ms: dict[str, float]
    meter: Meter

    def power_w(self, active: bool, cpu_mhz: float, mode: str) -> float:
        """Power while a head runs (active) or while waiting, at a frequency and mode."""
        base_w, per_ghz_w = (self.active_w if active else self.waiting_w)[mode]
        return base_w + per_ghz_w * cpu_mhz / 1000


class CloudBoard(Strict, frozen=True, omit_defaults=True):
    """The cloud host's hardware.

    Attributes:
        idle_w: of what was measured: the node, or its GPU's board alone.
        tail_gpu_w: while a tail runs on the GPU, unless the profile knows that tail's own.
        tail_cpu_w: while one runs on the CPU; None: not measured, so that all run on the GPU.
        rest_w: assumed for the rest of the node, at all times, where the GPU's board alone was
            measured; None: the whole node was.
    """

    name: str
    gpu: bool
    idle_w: float
    tail_gpu_w: float
    tail_cpu_w: float | None
    reconfigure_ms: dict[str, float]
    meter: Meter
    rest_w: float | None = None

    def power_w(self, active: bool, gpu: bool) -> float:
        """Power while a tail runs (active), on the GPU or not, or while idle.

        Work on a CPU whose power was not measured adds nothing to idle power.
        """
        busy_w = self.tail_gpu_w if gpu else self.tail_cpu_w
        return (self.idle_w if not active or busy_w is None else busy_w) + (self.rest_w or 0.0)


class Link(Strict, frozen=True):
    """The network between edge and cloud."""

    base_ms: float
    per_kb_ms: float

    def transfer_ms(self, tensor_kb: float) -> float:
        """Time of one tensor on the link."""
        return self.base_ms + self.per_kb_ms * tensor_kb


class Noise(Strict, frozen=True):
    """Spread between runs, between requests of one run, and outliers (whole runs, slower)."""

    run_latency_cv: float = 0.0
    request_latency_cv: float = 0.0
    run_power_cv: float = 0.0
    outlier_rate: float = 0.0
    outlier_max: float = 0.0


class CodecCost(Strict, frozen=True):
    """The cost of a codec's part, by KB of the tensor before it.

    Attributes:
        encode_ms_ghz_per_kb: on the edge's CPU, times its frequency in GHz.
        decode_ms_per_kb: in the cloud.
        sent_share: of the tensor's bytes, where none is computed and encoded for real.
    """

    encode_ms_ghz_per_kb: float
    decode_ms_per_kb: float
    sent_share: float = 1.0

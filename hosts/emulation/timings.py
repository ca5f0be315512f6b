"""Timings of a network's heads and tails, and the law that predicts them."""

from __future__ import annotations

import msgspec

from hosts.emulation.hardware import Line, Strict

Factors = tuple[float, float, float, float]


class Split(Strict, frozen=True, omit_defaults=True):
    """One split point of a network on this testbed.

    Attributes:
        edge: accelerator mode to (a, b); the head takes a / f + b ms.
        cloud_gpu_ms: the tail on the GPU; absent at the last split point.
        cloud_cpu_ms: the tail on the cloud's CPU; absent where it was not measured.
        cloud_gpu_w: what the cloud's GPU draws while the tail runs; absent: as any tail.
        accuracy: accelerator mode to the share of right answers; absent where it is not known.
        fidelity: accelerator mode to the share of answers as the unsplit network's; likewise.
    """

    split_point: int
    tensor_kb: float
    edge: dict[str, Line]
    cloud_gpu_ms: float | None = None
    cloud_cpu_ms: float | None = None
    accuracy: dict[str, float] | None = None
    fidelity: dict[str, float] | None = None
    cloud_gpu_w: float | None = None


class Network(Strict, frozen=True, omit_defaults=True):
    """The timings of one network, a row for each split point in order.

    Attributes:
        images: on how many images accuracy and fidelity of its split points were determined;
            absent where it is not known.
    """

    last_split_point: int
    splits: tuple[Split, ...]
    images: int | None = None


class Law(Strict, frozen=True):
    """Timings of a network without published ones, from its multiply-accumulates (MMAC).

    Attributes:
        cloud_gpu_base_ms: of tails on the GPU; None: they follow no law, and have to be measured.
        cloud_cpu_base_ms: of tails on the CPU; likewise.
        without_head: (a, b) of the edge where the whole network runs in the cloud.
        corrections: by network, what heads' a and b and tails on GPU and CPU are multiplied with,
            where a few of its figures are published.
    """

    edge_ms_ghz_per_mmac: float
    edge_ms_per_mmac: float
    edge_base_ms_ghz: float
    edge_base_ms: float
    cloud_gpu_base_ms: float | None
    cloud_gpu_ms_per_mmac: float
    cloud_cpu_base_ms: float | None
    cloud_cpu_ms_per_mmac: float
    without_head: Line = (0.0, 0.0)
    corrections: dict[str, Factors] = msgspec.field(default_factory=dict)

    def split(self, split_point: int, head_mmac: float, tail_mmac: float, kb: float) -> Split:
        """The timings of one split point; accelerators have no law."""
        a = self.edge_ms_ghz_per_mmac * head_mmac + self.edge_base_ms_ghz
        b = self.edge_ms_per_mmac * head_mmac + self.edge_base_ms
        if split_point == 0:
            a, b = self.without_head
        gpu_ms = _line_ms(self.cloud_gpu_base_ms, self.cloud_gpu_ms_per_mmac, tail_mmac)
        cpu_ms = _line_ms(self.cloud_cpu_base_ms, self.cloud_cpu_ms_per_mmac, tail_mmac)
        return Split(split_point, kb, {"off": (a, b)}, gpu_ms, cpu_ms)


def _line_ms(base_ms: float | None, ms_per_mmac: float, mmac: float) -> float | None:
    return None if base_ms is None else base_ms + ms_per_mmac * mmac

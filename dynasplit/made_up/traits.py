"""What a made-up testbed is like: its network, hosts and link, as numbers that laws are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Traits:
    """One testbed, before any family has changed it.

    Layers are numbered from 0; split point k has the first k of them on the edge. Work is in ms at
    the edge's greatest frequency, so that no unit of computing is needed.

    Attributes:
        layer_ms: of each layer on the edge, by its CPU at the greatest frequency (n,).
        fixed: share of each layer's time that no frequency changes (n,).
        exponents: of each layer's time, by 1 / frequency (n,).
        sent_kb: size of the tensor at each split point; 0 at the last one (n + 1,).
        clocks_mhz: of the edge, ascending. clock_speeds: how fast it computes at each of them,
            where 1 is proportional to the frequency (m,).
        accelerator_gain: by how much it shortens each layer (n,); None: there is none.
        gpu_gain: by how much the cloud's GPU is faster than its CPU; None: there is none.
        gpu_start_ms: before a tail on the GPU. gpu_layer_ms: more for each of its layers.
        cloud_gain: by how much the cloud's CPU is faster than the edge's.
        link_ms: of any transfer. link_mbit_s: its rate. congests_kb: size above which it congests;
            None: it does not. congestion: exponent of a transfer's time above that size.
        edge_idle_w: of the edge. edge_busy_w: what computing adds at the greatest frequency.
        edge_power_exponent: of that, by frequency.
        accelerator_w: what it adds, computing or not.
        cloud_cpu_w: while a tail runs on the CPU. cloud_gpu_w: on the GPU.
        quality_loss: at each split point, with an int8 head (n + 1,); None: quality is no
            objective.
        tells_stages: False: runs tell totals alone.
        run_cv: coefficient of variation from run to run. stray_share: of runs that are far off.
    """

    layer_ms: Floats
    fixed: Floats
    exponents: Floats
    sent_kb: Floats
    clocks_mhz: tuple[int, ...]
    clock_speeds: Floats
    accelerator_gain: Floats | None
    gpu_gain: float | None
    gpu_start_ms: float
    gpu_layer_ms: float
    cloud_gain: float
    link_ms: float
    link_mbit_s: float
    congests_kb: float | None
    congestion: float
    edge_idle_w: float
    edge_busy_w: float
    edge_power_exponent: float
    accelerator_w: float
    cloud_cpu_w: float
    cloud_gpu_w: float
    quality_loss: Floats | None
    tells_stages: bool
    run_cv: float
    stray_share: float


def plain(random: np.random.Generator, sizes: tuple[int, int] = (100, 1000)) -> Traits:
    """A testbed like those of published experiments: times follow 1/f, transfers their bytes.

    Args:
        random: what it is drawn with.
        sizes: of the space, from and to; the number of split points follows.
    """
    clocks = int(random.integers(3, 9))
    per_point = clocks * 2 * 2  # accelerator or not, GPU or not
    size = int(np.exp(random.uniform(*np.log(sizes))))
    layers = int(np.clip(round(size / per_point), 4, 400))
    layer_ms = random.lognormal(0.0, 0.9, layers)
    layer_ms *= random.uniform(40, 900) / layer_ms.sum()
    sent_kb = np.exp(np.cumsum(random.normal(-3.0 / layers, 0.6, layers + 1)))
    sent_kb *= random.uniform(30, 600) / sent_kb[0]
    sent_kb[-1] = 0.0
    low = int(random.integers(3, 8)) * 100
    high = int(random.integers(14, 30)) * 100
    clocks_mhz = tuple(sorted({int(c) for c in np.linspace(low, high, clocks).round(-2)}))
    return Traits(
        layer_ms=layer_ms,
        fixed=np.zeros(layers),
        exponents=np.ones(layers),
        sent_kb=sent_kb,
        clocks_mhz=clocks_mhz,
        clock_speeds=np.ones(len(clocks_mhz)),
        accelerator_gain=np.clip(random.lognormal(0.8, 0.4, layers), 0.7, 12.0),
        gpu_gain=float(random.uniform(3, 20)),
        gpu_start_ms=float(random.uniform(0.5, 3)),
        gpu_layer_ms=float(random.uniform(0.01, 0.08)),
        cloud_gain=float(random.uniform(2, 12)),
        link_ms=float(random.uniform(0.5, 8)),
        link_mbit_s=float(np.exp(random.uniform(np.log(20), np.log(900)))),
        congests_kb=None,
        congestion=1.0,
        edge_idle_w=float(random.uniform(1.5, 5)),
        edge_busy_w=float(random.uniform(1.5, 7)),
        edge_power_exponent=float(random.uniform(1.0, 1.6)),
        accelerator_w=float(random.uniform(0.3, 2.5)),
        cloud_cpu_w=float(random.uniform(60, 220)),
        cloud_gpu_w=float(random.uniform(120, 350)),
        quality_loss=None,
        tells_stages=True,
        run_cv=float(random.uniform(0.005, 0.02)),
        stray_share=0.01,
    )

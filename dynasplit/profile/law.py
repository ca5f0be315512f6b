"""Timings of a network without runs of its own, from its multiply-accumulates (MMAC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import DataError
from dynasplit.profile.run_medians import Figures
from dynasplit.tables import RunsTable
from dynasplit.tables.columns import Column
from dynasplit.tables.reading import check_names, check_present, read_file, to_array
from hosts.emulation.tails import Tails
from hosts.emulation.timings import Law, Network, Split

Floats = npt.NDArray[np.float64]

MACS: tuple[Column, ...] = (
    Column("split_point", "", "int", 0, 100_000, "always", "operations before it run on the edge"),
    Column("head_mmac", "", "float", 0, 1e9, "always", "million multiply-accumulates of the head"),
    Column("tail_mmac", "", "float", 0, 1e9, "always", "the same of the tail"),
    Column("tensor_kb", "KB", "float", 0, 1e9, "always", "what is sent; 0 at the last one"),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """One split point of a network, by what it computes.

    Attributes:
        split_point: k.
        head_mmac: million multiply-accumulates before it. tail_mmac: after it.
        tensor_kb: what is sent there, in 1024 bytes.
    """

    split_point: int
    head_mmac: float
    tail_mmac: float
    tensor_kb: float


def read_cuts(path: str | Path) -> list[Cut]:
    """Read a network's split points: split_point, head_mmac, tail_mmac, tensor_kb (CSV, parquet).

    Raises:
        DataError: what cannot be used, by file, data row (from 0) and column.
    """
    path = Path(path)
    table = read_file(path)
    known = {c.name: c for c in MACS}
    check_names(path, table.column_names, known)
    columns = {name: to_array(path, table[name], column) for name, column in known.items()}
    for name, array in columns.items():
        check_present(path, array, known[name])
    rows = zip(*(columns[c.name].tolist() for c in MACS), strict=True)
    cuts = sorted((Cut(int(k), *rest) for k, *rest in rows), key=lambda c: c.split_point)
    if [c.split_point for c in cuts] != list(range(len(cuts))):
        found = [c.split_point for c in cuts]
        raise DataError(f"{path}, column split_point: found {found}; allowed: 0, 1, 2 ... once")
    return cuts


def predict_network(
    law: Law,
    cuts: Sequence[Cut],
    reference: RunsTable | None = None,
    network: str = "",
    tails: Tails | None = None,
) -> Network:
    """The timings of a network on a testbed whose law is known.

    What the edge does before it sends an image (split point 0) is the same for all networks.

    Args:
        law: the testbed's.
        cuts: every split point of the network, in order.
        network: its name; the law may know a correction.
        reference: a handful of the network's own runs, which correct the law: at two
            frequencies its share of 1 / f, at one the whole. Accelerators have no law.
        tails: as they were measured in the cloud; None: by the law.

    Raises:
        DataError: tails of another network.
    """
    if tails is not None and tails.last_split_point != cuts[-1].split_point:
        raise DataError(
            f"tails of {network} were measured for split points 0..{tails.last_split_point}; this "
            f"network has 0..{cuts[-1].split_point}"
        )
    factors = law.corrections.get(network, (1.0, 1.0, 1.0, 1.0))
    if reference is not None:
        factors = _factors(law, cuts, reference)
    last = cuts[-1].split_point
    splits = []
    for cut in cuts:
        row = law.split(cut.split_point, cut.head_mmac, cut.tail_mmac, cut.tensor_kb)
        a, b = row.edge["off"]
        if cut.split_point > 0:
            a, b = a * factors[0], b * factors[1]
        tail = cut.split_point < last
        gpu_ms, cpu_ms = row.cloud_gpu_ms, row.cloud_cpu_ms
        splits.append(
            Split(
                cut.split_point,
                cut.tensor_kb if tail else 0.0,
                {"off": (a, b)},
                gpu_ms * factors[2] if tail and gpu_ms is not None else None,
                cpu_ms * factors[3] if tail and cpu_ms is not None else None,
            )
        )
    return Network(last, tuple(tails.of(row) if tails else row for row in splits))


def fit_law(network: Network, cuts: Sequence[Cut]) -> Law:
    """The law of a testbed, from one network's fitted timings and its multiply-accumulates.

    Lines through medians of slopes (Theil and Sen), which outlying split points do not move.
    """
    rows = {row.split_point: row for row in network.splits}
    heads = [(c.head_mmac, *rows[c.split_point].edge["off"]) for c in cuts if c.split_point > 0]
    mmac, a, b = (np.array(column) for column in zip(*heads, strict=True))
    tails = {
        name: [
            (c.tail_mmac, ms)
            for c in cuts
            if (ms := getattr(rows[c.split_point], name)) is not None
        ]
        for name in ("cloud_gpu_ms", "cloud_cpu_ms")
    }
    cpu = _line(*map(np.array, zip(*(tails["cloud_cpu_ms"] or tails["cloud_gpu_ms"]), strict=True)))
    gpu = _line(*map(np.array, zip(*(tails["cloud_gpu_ms"] or tails["cloud_cpu_ms"]), strict=True)))
    a_base, a_slope = _line(mmac, a)
    b_base, b_slope = _line(mmac, b)
    without = rows[0].edge["off"] if 0 in rows else (0.0, 0.0)
    return Law(a_slope, b_slope, a_base, b_base, *gpu, *cpu, without)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """(base, slope), both at least 0."""
    from scipy.stats import theilslopes

    slope = max(0.0, float(theilslopes(y, x).slope)) if len(np.unique(x)) > 1 else 0.0
    return max(0.0, float(np.median(y - slope * x))), slope


def _factors(
    law: Law, cuts: Sequence[Cut], reference: RunsTable
) -> tuple[float, float, float, float]:
    """Correction factors of the law's a, b, and tails on GPU and CPU."""
    figures = Figures.of(reference)
    by_split = {c.split_point: c for c in cuts}
    unknown = sorted(set(figures.split_points.tolist()) - set(by_split))
    if unknown:
        raise DataError(f"reference runs at split points {unknown}; the network has {len(cuts)}")
    rows = [
        law.split(k, by_split[k].head_mmac, by_split[k].tail_mmac, by_split[k].tensor_kb)
        for k in figures.split_points.tolist()
    ]
    off = figures.of_mode("off") & (figures.split_points > 0)
    a, b = np.array([row.edge["off"] for row in rows]).T
    edge = (1.0, 1.0)
    if off.any():
        edge = _edge_factors((a / figures.ghz)[off], b[off], figures.edge_ms[off])
    measured: dict[bool, float] = {}
    for gpu in (True, False):
        at = figures.sends & (figures.gpu == gpu)
        ms = np.array([row.cloud_gpu_ms if gpu else row.cloud_cpu_ms for row in rows], dtype=float)
        if at.any():
            measured[gpu] = float(np.median(figures.cloud_ms[at] / ms[at]))
    cloud = [measured.get(gpu, measured.get(not gpu, 1.0)) for gpu in (True, False)]
    return edge[0], edge[1], cloud[0], cloud[1]


def _edge_factors(proportional: Floats, constant: Floats, ms: Floats) -> tuple[float, float]:
    """Factors of the two parts (n,) of the law, held weakly to one common factor."""
    from scipy.optimize import nnls

    common = float(np.median(ms / (proportional + constant)))
    factors = np.array([common, common])
    design = np.column_stack([proportional, constant])
    for _ in range(30):
        residuals = np.log(ms / np.maximum(design @ factors, 1e-9))
        weights = 1 / (ms * np.sqrt(1 + (residuals / 0.02) ** 2))
        rows = np.vstack([design * weights[:, None], np.eye(2) * 0.01 / common])
        factors, _ = nnls(rows, np.concatenate([ms * weights, [0.01, 0.01]]))
    return float(factors[0]), float(factors[1])

"""The medians of each configuration's runs, in the arrays that the fits work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import DataError
from dynasplit.tables import RunsTable

Floats = npt.NDArray[np.float64]
KNOBS = ("cpu_mhz", "edge_accelerator", "cloud_gpu")
NEEDED = ("edge_ms", "transfer_ms", "cloud_ms", "tensor_kb")
NOMINAL_MHZ = 1000


@dataclass(frozen=True, eq=False)
class Figures:
    """One entry for each configuration (c,); medians over its runs.

    Attributes:
        split_points: k. ghz: frequency; 1 where it is no knob. modes: accelerator mode.
        gpu: whether the tail runs on the cloud's GPU. sends: whether there is a tail.
        latency_ms: the whole. edge_ms: the head. transfer_ms: the link. cloud_ms: the tail.
        tensor_kb: what is sent.
        energy_j: both hosts'. edge_energy_j: the edge's. cloud_energy_j: the cloud's. NaN:
            not measured.
    """

    split_points: npt.NDArray[np.int64]
    ghz: Floats
    modes: Sequence[str]
    gpu: npt.NDArray[np.bool_]
    sends: npt.NDArray[np.bool_]
    latency_ms: Floats
    edge_ms: Floats
    transfer_ms: Floats
    cloud_ms: Floats
    tensor_kb: Floats
    energy_j: Floats
    edge_energy_j: Floats
    cloud_energy_j: Floats

    @classmethod
    def of(cls, runs: RunsTable) -> Figures:
        """The medians of a table.

        Raises:
            DataError: it has knobs that the physical model does not know, or lacks a column.
        """
        strange = [k.name for k in runs.space.knobs if k.name not in KNOBS]
        if strange:
            raise DataError(
                f"{runs.path or 'the runs'}: a profile cannot describe the knobs {strange}; "
                f"it knows: {', '.join(KNOBS)}"
            )
        if "throughput" in (runs.modes or ()):
            raise DataError(
                f"{runs.path or 'the runs'}: measured in throughput mode, where times hold "
                "waiting; a profile is fitted to runs of measure.mode=latency"
            )
        missing = [name for name in NEEDED if not runs.has(name)]
        if missing:
            raise DataError(
                f"{runs.path or 'the runs'}: to fit a profile, these columns must be filled in "
                f"every row: {', '.join(NEEDED)}; missing: {', '.join(missing)}"
            )
        found = runs.configurations
        points = np.array([c.split_point for c in found])
        return cls(
            points,
            np.array([float(c.cpu_mhz or NOMINAL_MHZ) for c in found]) / 1000,
            [c.edge_accelerator for c in found],
            np.array([c.cloud_gpu for c in found]),
            points < runs.last_split_point,
            *(runs.quantiles(name) for name in _ARRAYS),
        )

    @property
    def has_energy(self) -> bool:
        """True if energy was measured."""
        return not bool(np.isnan(self.energy_j).any())

    @property
    def has_energy_parts(self) -> bool:
        """True if each host's energy was measured."""
        return not bool(np.isnan(self.edge_energy_j + self.cloud_energy_j).any())

    def of_mode(self, mode: str) -> npt.NDArray[np.bool_]:
        """Mask (c,) of the configurations with this accelerator mode."""
        return np.array([m == mode for m in self.modes])


_ARRAYS = (
    "latency_ms",
    "edge_ms",
    "transfer_ms",
    "cloud_ms",
    "tensor_kb",
    "energy_j",
    "edge_energy_j",
    "cloud_energy_j",
)

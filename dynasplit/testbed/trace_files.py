"""The power traces of each window, kept as one small file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dynasplit.testbed.channels import HostTraces


def keep_traces(folder: Path, name: str, hosts: Mapping[str, HostTraces]) -> None:
    """Write the traces of a window, a row a reading.

    Args:
        folder: of the run's traces.
        name: the run's; the file is named after it.
        hosts: edge and cloud with their traces.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[object]] = {"host": [], "channel": [], "time_s": [], "power_w": []}
    for role, host in hosts.items():
        for channel, trace in host.traces.items():
            columns["host"] += [role] * trace.times_s.size
            columns["channel"] += [channel] * trace.times_s.size
            columns["time_s"] += trace.times_s.tolist()
            columns["power_w"] += trace.watts.tolist()
    file = name.replace("|", "_").replace(" ", "_").rstrip("_")
    with (folder / f"{file}.parquet").open("wb") as kept:
        pq.write_table(pa.table(columns), kept)

"""The power traces of each window, kept as one small file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dynasplit.testbed.channels import HostTraces
from hosts.wire.samples import SAMPLED, HostSample


def keep_traces(
    folder: Path,
    name: str,
    hosts: Mapping[str, HostTraces],
    samples: Mapping[str, tuple[int, Sequence[HostSample]]] | None = None,
) -> None:
    """Write the traces of a window, a row a reading.

    What the hosts' samplers saw goes below it, a row a value: its name stands for the channel, the
    value in a column of its own, `sampled`. A file without samples has no such column.

    Args:
        folder: of the run's traces.
        name: the run's; the file is named after it.
        hosts: edge and cloud with their traces.
        samples: of each host that has any, the window's start on its clock, and its samples.
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
    if any(taken for _, taken in (samples or {}).values()):
        columns["sampled"] = [None] * len(columns["host"])
        for role, (start_ns, taken) in (samples or {}).items():
            for row in _rows(role, start_ns, taken):
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
    file = name.replace("|", "_").replace(" ", "_").rstrip("_")
    with (folder / f"{file}.parquet").open("wb") as kept:
        pq.write_table(pa.table(columns), kept)


def _rows(role: str, start_ns: int, samples: Sequence[HostSample]) -> Iterator[tuple[object, ...]]:
    """Host, name, time, no power, value."""
    for sample in samples:
        for name in SAMPLED:
            value = getattr(sample, name)
            if value is not None:
                yield role, name, (sample.time_ns - start_ns) / 1e9, None, float(value)

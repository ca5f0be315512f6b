"""A run's report as it travels: its inferences in columns, as differences, compressed.

A window of a network so small that it takes microseconds, by a meter so slow that it takes half a
minute, has a million inferences; as structures they would be larger than a message may be.
"""

from __future__ import annotations

import zlib

from hosts.core.errors import WireError
from hosts.wire.messages import Inference, Message, RunReport

MOST_INFERENCES = 10_000_000
_NONE = -(2**63)
_COLUMNS = Inference.__struct_fields__
_MAY_LACK = frozenset(
    ("tail_start_ns", "tail_end_ns", "encoded_ns", "decode_start_ns", "decode_end_ns")
)
_VALUE_BYTES = 8
_LEVEL = 1


class PackedReport(Message):
    """A report without inferences, how many these are, and their columns."""

    report: RunReport
    count: int
    columns: bytes


def pack(report: RunReport) -> PackedReport:
    """Take a report apart; its own list of inferences stays as it is.

    Raises:
        WireError: a number that needs more than 64 bits.
    """
    import numpy as np

    rows = report.inferences
    packer = zlib.compressobj(_LEVEL)
    parts = []
    try:
        for name in _COLUMNS:
            values = (getattr(row, name) for row in rows)
            filled = (_NONE if value is None else value for value in values)
            column = np.fromiter(filled, np.int64, len(rows))
            column[1:] = np.diff(column)  # wraps around, and back again
            parts.append(packer.compress(column.astype("<i8").tobytes()))
    except OverflowError as error:
        raise WireError(f"RunReport cannot be sent: {error}") from error
    parts.append(packer.flush())
    fields = {name: getattr(report, name) for name in RunReport.__struct_fields__}
    bare = RunReport(**(fields | {"inferences": []}))
    return PackedReport(
        report=bare, count=len(rows), columns=b"".join(parts), board_ns=report.board_ns
    )


def unpack(packed: PackedReport) -> RunReport:
    """Put a report together again.

    Raises:
        WireError: the columns are not those of so many inferences.
    """
    import numpy as np

    count = packed.count
    if not 0 <= count <= MOST_INFERENCES:
        raise WireError(f"a report of {count} inferences; allowed: up to {MOST_INFERENCES}")
    size = count * _VALUE_BYTES * len(_COLUMNS)
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed.columns, size + 1)
    except zlib.error as error:
        raise WireError(f"a report's columns cannot be read: {error}") from error
    if len(body) != size or not unpacker.eof:
        raise WireError(f"a report's columns are not {size} bytes for {count} inferences")
    table = np.frombuffer(body, "<i8").reshape(len(_COLUMNS), count)
    columns = []
    for name, column in zip(_COLUMNS, table, strict=True):
        values = np.cumsum(column).tolist()
        may_lack = name in _MAY_LACK
        columns.append([None if v == _NONE else v for v in values] if may_lack else values)
    packed.report.inferences = [Inference(*row) for row in zip(*columns, strict=True)]
    return packed.report

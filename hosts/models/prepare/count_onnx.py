"""The child process that describes a network of an ONNX file, as `count_work` does Keras' ones."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import msgspec

from hosts.models.onnx_graphs.macs import mmac_by_cut
from hosts.models.onnx_graphs.opening import whole_of
from hosts.models.onnx_graphs.splits import OnnxCut, made_up
from hosts.models.prepare.child import guarded
from hosts.models.prepare.describe import MARK, Description, SplitPointDescription
from hosts.models.prepare.litert import SENT_BYTES
from hosts.models.prepare.prepare import PrepareOrder


def description_of(order: PrepareOrder) -> Description:
    """Read the graph, and describe its split points.

    Raises:
        ModelError: it cannot be split.
    """
    with tempfile.TemporaryDirectory(prefix="onnx-") as folder:
        whole = whole_of(Path(order.path), Path(folder))
        cuts = whole.splits.cuts
        work = mmac_by_cut(whole.graph, cuts, made_up(whole.ends, 1))
    last = cuts[-1].index
    return Description(
        order.network,
        tuple(
            SplitPointDescription(
                cut.index, cut.name, cut.shape, _sent_bytes(cut, last, order), head, tail
            )
            for cut, (head, tail) in zip(cuts, work, strict=True)
        ),
    )


def _sent_bytes(cut: OnnxCut, last: int, order: PrepareOrder) -> int:
    """The input is sent as float32, a tensor as its head gives it, the result not at all."""
    if cut.index == last:
        return 0
    return math.prod(cut.shape) * (4 if cut.index == 0 else SENT_BYTES[order.precision])


def _work() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=PrepareOrder)
    print(MARK + msgspec.json.encode(description_of(order)).decode(), flush=True)


def main() -> int:
    """Describe what standard input orders; returns the exit code."""
    return guarded(_work)


if __name__ == "__main__":
    sys.exit(main())

"""The child process that builds a network's graph and counts multiply-accumulates.

Reads an order on standard input; answers with a line that starts with `described:`.
"""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from hosts.models.keras_graphs.light_keras import import_keras
from hosts.models.networks import base as networks
from hosts.models.prepare.child import guarded
from hosts.models.prepare.convertible import check
from hosts.models.prepare.describe import MARK, Description, SplitPointDescription
from hosts.models.prepare.litert import SENT_BYTES
from hosts.models.prepare.prepare import PrepareOrder

if TYPE_CHECKING:
    import keras

    from hosts.models.keras_graphs.graph import CutPoint


def description_of(order: PrepareOrder) -> Description:
    """Build the graph, and describe its split points.

    Raises:
        ModelError: it cannot be built or cut.
    """
    from hosts.models.keras_graphs.graph import chosen, cut_points
    from hosts.models.prepare.macs import mmac_by_cut

    model = _graph(order)
    if order.path:
        check(model, order.precision, _say)
    cuts = chosen(cut_points(model), order.about().split_points)
    last = cuts[-1].index
    work = zip(cuts, mmac_by_cut(model, cuts), strict=True)
    return Description(
        order.network,
        tuple(
            SplitPointDescription(
                cut.index, cut.name, cut.shape, _sent_bytes(cut, last, order), head, tail
            )
            for cut, (head, tail) in work
        ),
    )


def _graph(order: PrepareOrder) -> keras.Model:
    """The network, with whatever weights cost least."""
    module = networks.find(order.network, order.path, order.scaling)
    one = np.random.default_rng(0).integers(0, 256, (1, *module.ABOUT.input_shape))
    return module.build(order.weights, order.seed, module.preprocess(one), _silent)


def _say(what: str, /) -> None:
    print(what, flush=True)


def _silent(_what: str, /) -> None:
    """Nobody follows."""


def _sent_bytes(cut: CutPoint, last: int, order: PrepareOrder) -> int:
    """The input is sent as float32, a tensor as its head gives it, the result not at all."""
    if cut.index == last:
        return 0
    return math.prod(cut.shape) * (4 if cut.index == 0 else SENT_BYTES[order.precision])


def _work() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=PrepareOrder)
    import_keras()
    print(MARK + msgspec.json.encode(description_of(order)).decode(), flush=True)


def main() -> int:
    """Describe what standard input orders; returns the exit code."""
    return guarded(_work)


if __name__ == "__main__":
    sys.exit(main())

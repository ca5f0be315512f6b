"""Opened parts of a graph: sessions kept within a bound of memory, fed one by one if need be."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.sessions import short

if TYPE_CHECKING:
    import onnx


class Part:
    """One session.

    Attributes:
        size_mb: about what it takes in memory.
    """

    def __init__(self, session: Any, size_mb: float) -> None:
        self._session = session
        self.size_mb = size_mb
        self._input = session.get_inputs()[0]
        self._output = session.get_outputs()[0].name
        self._is_single = self._input.shape[:1] == [1]
        self.met: set[tuple[int, ...]] = set()

    def run(self, batch: npt.NDArray[Any], **others: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The output (batch, ...); of a graph for single images one after the other.

        Args:
            batch: (batch, ...) the input.
            others: inputs that all images share.

        Raises:
            ModelError: ONNX Runtime cannot compute it.
        """
        try:
            if not self._is_single or len(batch) == 1:
                return self._once(batch, others)
            parts = [self._once(batch[i : i + 1], others) for i in range(len(batch))]
        except Exception as error:  # of several kinds, none of them this project's
            raise ModelError(f"ONNX Runtime cannot compute this part: {short(error)}") from error
        return np.concatenate(parts)

    def _once(self, batch: npt.NDArray[Any], others: dict[str, Any]) -> npt.NDArray[Any]:
        (found,) = self._session.run([self._output], {self._input.name: batch, **others})
        return np.asarray(found)


class Resident:
    """Parts that stay open; those used last, within a bound of memory.

    Attributes:
        bound_mb: the part in use stays, however large.
        opened_ms: what opening took of the part that was asked for last; None: it was open.
    """

    def __init__(self, bound_mb: float) -> None:
        self.bound_mb = bound_mb
        self.opened_ms: float | None = None
        self._parts: OrderedDict[Hashable, Part] = OrderedDict()

    def get(self, key: Hashable, open_part: Callable[[], Part]) -> Part:
        """The part of a key, opened now if it is not."""
        self.opened_ms = None
        if key not in self._parts:
            began_ns = time.monotonic_ns()
            made = open_part()
            self.opened_ms = (time.monotonic_ns() - began_ns) / 1e6
            while self._parts and self._size_mb() + made.size_mb > self.bound_mb:
                self._parts.popitem(last=False)
            self._parts[key] = made
        self._parts.move_to_end(key)
        return self._parts[key]

    def _size_mb(self) -> float:
        return sum(part.size_mb for part in self._parts.values())


def weights_mb(part: onnx.ModelProto) -> float:
    """The size of a part's weights in their file."""
    told = (e for t in part.graph.initializer for e in t.external_data if e.key == "length")
    return sum(int(entry.value) for entry in told) / 2**20

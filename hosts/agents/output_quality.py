"""The quality of a network's outputs: highest classes, and difference to the unsplit network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

TOP = 5

Key = tuple[int, str]
Tops = tuple[tuple[int, ...], ...]


class Answer(NamedTuple):
    """One image's.

    Attributes:
        image: its index. top: the classes of the highest outputs, the highest first.
        output_mae: mean absolute difference to the unsplit network's outputs; None: not known.
    """

    image: int
    top: tuple[int, ...]
    output_mae: float | None


def highest(outputs: npt.NDArray[np.generic]) -> Tops:
    """The five highest classes of outputs (n, classes), each the highest first.

    Of equals the first comes first, as in argmax.
    """
    order = np.argsort(-np.asarray(outputs, np.float32), axis=1, kind="stable")[:, :TOP]
    return tuple(tuple(row) for row in order.tolist())


def judge(
    outputs: npt.NDArray[np.generic], reference: npt.NDArray[np.float32] | None = None
) -> tuple[tuple[int, ...], float | None]:
    """The highest classes of outputs (classes,), and their difference to the reference (classes,).

    The reference counts only if it has as many classes.
    """
    flat = np.asarray(outputs, dtype=np.float32).reshape(-1)
    (top,) = highest(flat[np.newaxis])
    if reference is None or reference.size != flat.size:
        return top, None
    return top, float(np.abs(flat - reference.reshape(-1)).mean())


class OutputQuality:
    """Answers of the network that ends on this host, by split point and codec.

    Judging costs time, so it is done only while it is asked for. On emulated boards it costs none
    that counts, and outputs are reused there: every answer is kept.

    Attributes:
        reference: (n, classes) the unsplit network's outputs, by image; None: not loaded.
    """

    def __init__(self, keep_all: bool) -> None:
        self.reference: npt.NDArray[np.float32] | None = None
        self._keep_all = keep_all
        self._wanted = False
        self._found: dict[Key, dict[int, Answer]] = {}

    def begin(self, split_point: int, codec: str) -> None:
        """Judge what comes from now on."""
        self._wanted = True
        if not self._keep_all:
            self._found.pop((split_point, codec), None)

    def end(self, split_point: int, codec: str) -> tuple[Answer, ...]:
        """Judge no more; the answers, by image."""
        self._wanted = False
        found = self._found.get((split_point, codec), {})
        return tuple(found[image] for image in sorted(found))

    def note(
        self, split_point: int, codec: str, images: Sequence[int], outputs: npt.NDArray[np.generic]
    ) -> None:
        """Judge the outputs (n, classes) of these images, if that is asked for."""
        if not self._wanted and not self._keep_all:
            return
        found = self._found.setdefault((split_point, codec), {})
        for image, values in zip(images, outputs, strict=True):
            if image not in found:
                reference = None if self.reference is None else self.reference[image]
                found[image] = Answer(image, *judge(values, reference))

"""Whether a tensor that was sent is one that a tail takes, whatever library computes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    from hosts.codecs.base import Tensor

_FLOATS = ("float32", "float16")


def check_sent(split_point: int, tensor: Tensor, shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse what no tail takes.

    Args:
        split_point: where it was cut.
        tensor: (batch, ...) as it came.
        shapes: of an image's tensor at each split point, but the last one.

    Raises:
        ModelError: no such split point, another shape, or a scale where there should be none.
    """
    if not 0 <= split_point < len(shapes):
        raise ModelError(
            f"split point {split_point} asked of the cloud; allowed: 0..{len(shapes) - 1}"
        )
    expected = shapes[split_point]
    if tensor.array.shape[1:] != expected:
        raise ModelError(
            f"a tensor of shape (batch, {', '.join(map(str, expected))}) expected at split "
            f"point {split_point}, found {tensor.array.shape}"
        )
    is_float = tensor.array.dtype.name in _FLOATS
    if is_float != (tensor.scale is None):
        raise ModelError(
            f"a tensor of type {tensor.array.dtype} found {'with' if is_float else 'without'} "
            "a scale; allowed: float tensors without, integers with one"
        )

"""Float tensors as IEEE half precision: half the bytes, 11 significant bits."""

from __future__ import annotations

import numpy as np

from hosts.codecs.base import Kind, Tensor
from hosts.core.errors import WireError

KIND: Kind = "quantiser"


def quantise(tensor: Tensor) -> Tensor:
    """Float tensors as float16; others as they are. WireError above half precision's range."""
    if tensor.array.dtype != np.float32:
        return tensor
    with np.errstate(over="ignore"):
        halves = tensor.array.astype(np.float16)
    if not np.isfinite(halves).all():
        raise WireError("codec float16 needs finite values up to 65504; greater ones found")
    return Tensor(halves)

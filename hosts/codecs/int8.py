"""Float tensors as 8-bit integers, affine per tensor: a quarter of float32's bytes.

real = scale * (quantised - zero_point), the range widened to hold 0, which is then exact
(Jacob et al., arXiv 1712.05877, section 2.1).
"""

from __future__ import annotations

import numpy as np

from hosts.codecs.base import Kind, Tensor
from hosts.core.errors import WireError

KIND: Kind = "quantiser"
_LEAST, _STEPS = -128, 255


def quantise(tensor: Tensor) -> Tensor:
    """Float tensors as int8; others as they are. WireError where a value is not finite."""
    if tensor.array.dtype not in (np.float32, np.float16):
        return tensor
    low, high = min(0.0, float(tensor.array.min(initial=0))), float(tensor.array.max(initial=0))
    if not np.isfinite(high - low):
        raise WireError(f"codec int8 needs finite values; found {low} to {high}")
    scale = max((high - low) / _STEPS, float(np.finfo(np.float32).tiny))
    zero_point = round(_LEAST - low / scale)
    steps = np.atleast_1d(tensor.array).astype(np.float32)
    steps *= np.float32(1 / scale)
    np.rint(steps, out=steps)
    steps += np.float32(zero_point)
    np.clip(steps, _LEAST, _LEAST + _STEPS, out=steps)
    return Tensor(steps.astype(np.int8).reshape(tensor.array.shape), scale, zero_point)

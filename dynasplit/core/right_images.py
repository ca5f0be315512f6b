"""Which of the labelled images were classified correctly, a bit each: `24:fff7fe`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.bool_]
_FORM = re.compile(r"([1-9][0-9]{0,8}):([0-9a-f]*)")
FORM_WORDS = "images:bits in hexadecimal, as 24:fff7fe"


def packed(right: Sequence[bool]) -> str:
    """The number of images (at least 1), and a bit for each in their order."""
    return f"{len(right)}:{np.packbits(np.asarray(right, dtype=bool)).tobytes().hex()}"


def is_packed(text: str) -> bool:
    """True for what `packed` gives."""
    found = _FORM.fullmatch(text)
    return found is not None and len(found[2]) == 2 * -(-int(found[1]) // 8)


def unpacked(text: str) -> Bits:
    """Whether each image was classified correctly (images,)."""
    count, digits = text.split(":")
    bytes_ = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
    return np.unpackbits(bytes_, count=int(count)).astype(bool)

"""The base of codecs: tensors, quantisers and compressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

PLAIN = "none"

Kind = Literal["compressor", "quantiser"]
Buffer = bytes | bytearray | memoryview


class Tensor(NamedTuple):
    """A tensor with its quantisation.

    Attributes:
        array: (batch, ...) as a head gave it: int8, or a float type.
        scale: real value = scale * (array - zero_point); None where there is no quantisation.
        zero_point: likewise.
    """

    array: npt.NDArray[np.generic]
    scale: float | None = None
    zero_point: int | None = None

    @property
    def real(self) -> npt.NDArray[np.float32]:
        """The real values, float32."""
        values = self.array.astype(np.float32)
        if self.scale is None:
            return values
        return (values - np.float32(self.zero_point or 0)) * np.float32(self.scale)


class Compressor(Protocol):
    """A module that makes bytes fewer, and gives back the same bytes."""

    KIND: Kind

    def compress(self, raw: memoryview, /) -> Buffer:
        """The bytes to send."""
        ...

    def decompress(self, sent: memoryview, raw_bytes: int, /) -> Buffer:
        """The bytes as they were, `raw_bytes` many; never more are made.

        Raises:
            WireError: truncated, corrupted, or of another size.
        """
        ...


class Quantiser(Protocol):
    """A module that makes float tensors smaller; what it does to values is lost.

    Tensors that are quantised already stay as they are. The receiver needs no code for it: type,
    scale and zero point say what the real values are.
    """

    KIND: Kind

    def quantise(self, tensor: Tensor, /) -> Tensor:
        """The tensor to send.

        Raises:
            WireError: its values cannot be held.
        """
        ...


@dataclass(frozen=True)
class Codec:
    """A quantiser, if any, and then a compressor.

    Attributes:
        name: of both.
    """

    name: str
    quantiser: Quantiser | None
    compressor: Compressor

    def encode(self, tensor: Tensor) -> tuple[Tensor, Buffer]:
        """The tensor as the receiver sees it, and its encoded bytes.

        Raises:
            WireError: the quantiser cannot hold the values.
        """
        seen = self.quantiser.quantise(tensor) if self.quantiser else tensor
        return seen, self.compressor.compress(bytes_of(seen.array))

    def decode(self, sent: memoryview, raw_bytes: int) -> Buffer:
        """The bytes of what the receiver sees.

        Raises:
            WireError: truncated, corrupted, or of another size.
        """
        return self.compressor.decompress(sent, raw_bytes)


def bytes_of(array: npt.NDArray[np.generic]) -> memoryview:
    """An array's bytes in C order; a view where it is contiguous, of any shape."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data

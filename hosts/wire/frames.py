"""Tensors on the stream: a length, a msgpack header, then the raw bytes."""

from __future__ import annotations

import struct

import msgspec
import numpy as np
import numpy.typing as npt

from hosts.errors import WireError
from hosts.wire.messages import TensorHeader, check_protocol

_LENGTH = struct.Struct("<I")
_DTYPES = ("int8", "uint8", "float16", "float32")
_header_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(TensorHeader)


def pack(header: TensorHeader, tensor: npt.NDArray[np.generic] | None) -> bytes:
    """One frame; `tensor` (any shape, C order) is left out where the header says reuse."""
    head = _header_encoder.encode(header)
    body = b"" if tensor is None else np.ascontiguousarray(tensor).data.cast("B")
    return b"".join((_LENGTH.pack(len(head)), head, body))


def unpack(frame: bytes) -> tuple[TensorHeader, npt.NDArray[np.generic] | None]:
    """Header and tensor (shaped as the header says, a view into the frame).

    Raises:
        WireError: truncated, of another version, type or shape.
    """
    if len(frame) < _LENGTH.size:
        raise WireError(f"a tensor frame of {len(frame)} bytes found; it is truncated")
    (length,) = _LENGTH.unpack_from(frame)
    start = _LENGTH.size + length
    try:
        header = _header_decoder.decode(memoryview(frame)[_LENGTH.size : start])
    except msgspec.MsgspecError as error:
        raise WireError(f"a tensor frame without a readable header: {error}") from error
    check_protocol(header.protocol)
    if header.reuse:
        return header, None
    if header.dtype not in _DTYPES:
        raise WireError(f"tensor of type {header.dtype!r} found; allowed: {', '.join(_DTYPES)}")
    dtype = np.dtype(header.dtype)
    expected = int(np.prod(header.shape, dtype=np.int64)) * dtype.itemsize
    if len(frame) - start != expected:
        raise WireError(
            f"tensor of shape {header.shape} and type {header.dtype} takes {expected} bytes, "
            f"{len(frame) - start} found"
        )
    return header, np.frombuffer(frame, dtype, offset=start).reshape(header.shape)

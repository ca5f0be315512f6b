"""Tensors on the stream: a length, a msgpack header, then the encoded bytes."""

from __future__ import annotations

import math
import struct

import msgspec
import numpy as np

from hosts import codecs
from hosts.codecs.base import Buffer, Tensor
from hosts.core.errors import WireError
from hosts.wire.messages import MESSAGE_LIMIT_BYTES, PROTOCOL, UNREADABLE, check_protocol, encode

_LENGTH = struct.Struct("<I")
_DTYPES = ("int8", "uint8", "float16", "float32")
_ALIGNED = 16  # where the tensor starts, so that its view needs no copy
_MOST_SIDES = 32
_MOST_ZERO_POINT = 2**31
_HEAD_LIMIT_BYTES = 1024 * 1024


class TensorHeader(msgspec.Struct, kw_only=True):
    """The header of an intermediate tensor on the stream.

    Attributes:
        images: the indices of the batch's images.
        dtype: of the tensor after decoding. shape: of the whole batch, after decoding.
        codec: its name; the receiver needs its compressor only.
        scale: real value = scale * (quantised - zero_point); None for float tensors.
        reuse: no payload; the cloud has the output of these images, split point and codec.
        arrives_ns: on emulated boards, when the tensor arrives, in board time.
        run_start_ns: on emulated boards, when the run began, in board time.
    """

    protocol: int = PROTOCOL
    request: int
    images: tuple[int, ...]
    run: str
    network: str
    split_point: int
    cloud_gpu: bool
    dtype: str
    shape: tuple[int, ...]
    codec: str = "none"
    scale: float | None = None
    zero_point: int | None = None
    reuse: bool = False
    arrives_ns: int | None = None
    run_start_ns: int | None = None


_header_decoder = msgspec.msgpack.Decoder(TensorHeader)


def pack(header: TensorHeader, body: Buffer) -> bytes:
    """One frame; gRPC wants it whole, so this one join is the tensor's only copy.

    Args:
        header: of the tensor.
        body: its encoded bytes; empty where the header says reuse.

    Raises:
        WireError: longer than a message may be.
    """
    head = encode(header)
    padding = bytes(-(_LENGTH.size + len(head)) % _ALIGNED)
    frame = b"".join((_LENGTH.pack(len(head)), head, padding, body))
    check_length(len(frame))
    return frame


def check_length(length: int) -> None:
    """Refuse a message that the other side would not take; WireError says both sizes."""
    if length > MESSAGE_LIMIT_BYTES:
        raise WireError(
            f"a message of {length / 2**20:.1f} MB asked to be sent; allowed: "
            f"{MESSAGE_LIMIT_BYTES / 2**20:g} MB; choose a smaller batch or another split point"
        )


def unpack(frame: bytes) -> tuple[TensorHeader, memoryview]:
    """Header and encoded bytes (a view into the frame).

    Raises:
        WireError: truncated, of another version, type or codec.
    """
    if len(frame) < _LENGTH.size:
        raise WireError(f"a tensor frame of {len(frame)} bytes found; it is truncated")
    (length,) = _LENGTH.unpack_from(frame)
    if length > min(len(frame) - _LENGTH.size, _HEAD_LIMIT_BYTES):
        raise WireError(
            f"a tensor frame of {len(frame)} bytes with a header of {length} found; it is "
            f"truncated, or its header longer than the {_HEAD_LIMIT_BYTES} bytes allowed"
        )
    start = _LENGTH.size + length
    whole = memoryview(frame)
    try:
        header = _header_decoder.decode(whole[_LENGTH.size : start])
    except UNREADABLE as error:
        raise WireError(f"a tensor frame without a readable header: {error}") from error
    check_protocol(header.protocol)
    return header, whole[start + -start % _ALIGNED :]


def tensor_of(header: TensorHeader, body: memoryview) -> Tensor:
    """The tensor, shaped as the header says; a view into `body` where nothing is compressed.

    Raises:
        WireError: truncated, corrupted, too large, or of another type.
    """
    if header.dtype not in _DTYPES:
        raise WireError(f"tensor of type {header.dtype!r} found; allowed: {', '.join(_DTYPES)}")
    dtype = np.dtype(header.dtype)
    if len(header.shape) > _MOST_SIDES:
        raise WireError(
            f"tensor with {len(header.shape)} sides found; allowed: up to {_MOST_SIDES}"
        )
    size = math.prod(header.shape)
    sides_fit = all(0 <= side <= MESSAGE_LIMIT_BYTES for side in header.shape)
    if not sides_fit or size * dtype.itemsize > MESSAGE_LIMIT_BYTES:
        raise WireError(
            f"tensor of shape {header.shape} and type {header.dtype} found; allowed: up to "
            f"{MESSAGE_LIMIT_BYTES / 2**20:g} MB"
        )
    _check_quantisation(header)
    if len(header.shape) == 0 or header.shape[0] != len(header.images):
        raise WireError(f"tensor of shape {header.shape} found for {len(header.images)} images")
    try:
        raw = codecs.find(header.codec).decode(body, size * dtype.itemsize)
    except WireError as error:
        raise WireError(f"tensor of shape {header.shape}, type {header.dtype}: {error}") from error
    array = np.frombuffer(raw, dtype, count=size).reshape(header.shape)
    return Tensor(array, header.scale, header.zero_point)


def _check_quantisation(header: TensorHeader) -> None:
    """Refuse a scale or a zero point that give no real values."""
    scale, zero_point = header.scale, header.zero_point
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise WireError(f"tensor of scale {scale} found; allowed: a finite number above 0")
    if zero_point is not None and abs(zero_point) > _MOST_ZERO_POINT:
        raise WireError(
            f"tensor of zero point {zero_point} found; allowed: up to {_MOST_ZERO_POINT}, "
            "positive or negative"
        )

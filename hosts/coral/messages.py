"""Messages between the agent and the accelerator's program, over two pipes."""

from __future__ import annotations

import os
import select
import time
from typing import TypeVar

import msgspec

from hosts.core.errors import WireError

T = TypeVar("T")

_LENGTH_BYTES = 8


class Opened(msgspec.Struct, kw_only=True):
    """The program's first word: the accelerator is open; or why it is not."""

    error: str | None = None


class HeadCall(msgspec.Struct, kw_only=True):
    """Run the compiled head at `path` on one image (float32, C order) of this shape."""

    path: str
    shape: tuple[int, ...]
    image: bytes


class HeadAnswer(msgspec.Struct, kw_only=True):
    """A head's output; or why there is none.

    Attributes:
        scale: real value = scale * (array - zero_point); None for float32.
    """

    error: str | None = None
    dtype: str = ""
    shape: tuple[int, ...] = ()
    scale: float | None = None
    zero_point: int | None = None
    array: bytes = b""


def send(descriptor: int, message: msgspec.Struct) -> None:
    """Write one message, its length before it."""
    body = msgspec.msgpack.encode(message)
    rest = memoryview(len(body).to_bytes(_LENGTH_BYTES, "little") + body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int, kind: type[T], patience_s: float | None = None) -> T:
    """Read one message.

    Raises:
        EOFError: the other end has closed. TimeoutError: nothing came in time.
        WireError: something else came.
    """
    end_s = None if patience_s is None else time.monotonic() + patience_s
    length = int.from_bytes(_read(descriptor, _LENGTH_BYTES, end_s), "little")
    try:
        return msgspec.msgpack.decode(_read(descriptor, length, end_s), type=kind)
    except msgspec.MsgspecError as error:
        raise WireError(f"{kind.__name__} expected, found something else: {error}") from error


def _read(descriptor: int, length: int, end_s: float | None) -> bytes:
    read = bytearray()
    while len(read) < length:
        left_s = None if end_s is None else max(0.0, end_s - time.monotonic())
        if not select.select([descriptor], [], [], left_s)[0]:
            raise TimeoutError
        more = os.read(descriptor, length - len(read))
        if not more:
            raise EOFError
        read += more
    return bytes(read)

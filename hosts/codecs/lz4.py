"""LZ4 frames with a checksum of the content: fast, little smaller."""

from __future__ import annotations

from hosts.codecs.base import Buffer, Kind
from hosts.core.errors import WireError

KIND: Kind = "compressor"


def compress(raw: memoryview) -> Buffer:
    """One frame."""
    import lz4.frame

    frame: bytes = lz4.frame.compress(raw, content_checksum=True, store_size=False)
    return frame


def decompress(sent: memoryview, raw_bytes: int) -> Buffer:
    """The content of one frame; WireError if it is damaged or of another size."""
    import lz4.frame

    reader = lz4.frame.LZ4FrameDecompressor()
    try:
        raw: bytes = reader.decompress(sent, max_length=raw_bytes + 1)
        if not reader.eof and len(raw) == raw_bytes:  # the end mark and the checksum
            raw += reader.decompress(b"", max_length=1)
    except (RuntimeError, ValueError, EOFError) as error:
        raise WireError(f"an lz4 tensor is corrupted: {error}") from error
    if not reader.eof or len(raw) != raw_bytes or reader.unused_data:
        raise WireError(
            f"an lz4 tensor of {raw_bytes} bytes announced; found {len(raw)}"
            f"{'' if reader.eof else ', truncated or more'}"
        )
    return raw

"""Zstandard frames at level 1 with a checksum of the content: smaller than LZ4, slower."""

from __future__ import annotations

from hosts.codecs.base import Buffer, Kind
from hosts.core.errors import WireError

KIND: Kind = "compressor"
LEVEL = 1


def compress(raw: memoryview) -> Buffer:
    """One frame."""
    import zstandard

    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(raw)


def decompress(sent: memoryview, raw_bytes: int) -> Buffer:
    """The content of one frame; WireError if it is damaged or of another size."""
    import zstandard

    try:
        announced = zstandard.frame_content_size(sent)
        if announced != raw_bytes:
            raise WireError(
                f"a zstd tensor of {raw_bytes} bytes announced; its frame holds {announced}"
            )
        raw = zstandard.ZstdDecompressor().decompress(sent, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise WireError(f"a zstd tensor is truncated or corrupted: {error}") from error
    if len(raw) != raw_bytes:
        raise WireError(f"a zstd tensor of {raw_bytes} bytes announced, {len(raw)} found")
    return raw

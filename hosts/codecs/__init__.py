"""Codecs of intermediate tensors, one file each: how the tensor becomes what is sent.

A codec's name joins at most one quantiser of float tensors and one compressor of bytes, in this
order: `none`, `lz4`, `int8`, `int8+zstd`.
"""

from __future__ import annotations

import functools
import importlib
from typing import cast

from hosts.codecs.base import PLAIN, Codec, Compressor, Kind, Quantiser, Tensor
from hosts.core.errors import WireError
from hosts.core.modules import extended, module_names

__all__ = ["PLAIN", "Codec", "Tensor", "find", "lossy_part", "names", "parts"]

__path__ = extended(__path__, "codecs")


@functools.cache
def parts() -> dict[str, Kind]:
    """The codecs' files and what each of them is."""
    kinds = {name: cast(Kind, _module(name).KIND) for name in module_names(__path__)}  # type: ignore[attr-defined]
    return dict(sorted(kinds.items(), key=lambda part: (part[0] != PLAIN, part)))


def names() -> list[str]:
    """Every codec there is, `none` first."""
    compressors = [name for name, kind in parts().items() if kind == "compressor"]
    quantisers = [name for name, kind in parts().items() if kind == "quantiser"]
    both = [f"{q}+{c}" for q in quantisers for c in compressors if c != PLAIN]
    return [*compressors, *quantisers, *both]


@functools.cache
def find(name: str) -> Codec:
    """The codec of that name.

    Raises:
        WireError: there is none.
    """
    if name not in names():
        raise WireError(f"codec {name!r} found; allowed: {', '.join(names())}")
    chosen = {parts()[part]: part for part in name.split("+")}
    quantiser, compressor = chosen.get("quantiser"), chosen.get("compressor", PLAIN)
    return Codec(
        name,
        cast(Quantiser, _module(quantiser)) if quantiser else None,
        cast(Compressor, _module(compressor)),
    )


def lossy_part(name: str) -> str:
    """The part of a codec that can change a network's outputs: its quantiser, or `none`."""
    return next((part for part in name.split("+") if parts().get(part) == "quantiser"), PLAIN)


def _module(name: str) -> object:
    return importlib.import_module(f"hosts.codecs.{name}")

"""Seeded blocks: each holds each configuration once, in an order drawn from the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dynasplit.core.space import Configuration
from dynasplit.run.lines import append_line

FILE = "order.jsonl"


def place(seed: int, block: int, configuration: Configuration) -> bytes:
    """Sorts a block into a random order, the same whoever else is in it."""
    key = f"{seed}|{block}|{configuration}".encode()
    return hashlib.blake2b(key, digest_size=8).digest()


class Orders:
    """The blocks of a run as lines of a file, each once however often the run is begun."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE
        self._known: set[bytes] = set()
        if self._path is not None and self._path.is_file():
            self._known = set(self._path.read_bytes().splitlines())

    def keep(
        self, phase: str, seed: int, block: int, configurations: Sequence[Configuration]
    ) -> None:
        """A block in its order, whose places follow from the seed and its number."""
        told = [configuration.words() for configuration in configurations]
        line = msgspec.json.encode(
            {"phase": phase, "seed": seed, "block": block, "configurations": told}
        )
        if self._path is None or line in self._known:
            return
        self._known.add(line)
        append_line(self._path, line)

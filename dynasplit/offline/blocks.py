"""Seeded blocks: each holds each configuration once, in an order drawn from the seed."""

from __future__ import annotations

import hashlib

from dynasplit.core.space import Configuration


def place(seed: int, block: int, configuration: Configuration) -> bytes:
    """Sorts a block into a random order, the same whoever else is in it."""
    key = f"{seed}|{block}|{configuration}".encode()
    return hashlib.blake2b(key, digest_size=8).digest()

"""Counter-based random numbers: request i always draws the same recorded run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_HALF = np.uint64(32)


def request_bits(
    seed: int, requests: npt.NDArray[np.int64], draw: int = 0
) -> npt.NDArray[np.uint64]:
    """32 random bits for each request (n,), from the seed and the request's number alone.

    Further draws are independent of the first.

    The finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
    generators, 2014), which is a function of its counter.
    """
    with np.errstate(over="ignore"):
        x = requests.astype(np.uint64)
        start = seed * 0x632BE59BD9B4E019 + draw * 0xD1342543DE82EF95
        x += np.uint64(1 + start % 2**64 % (2**64 - 1))
        x *= _GOLDEN
        x ^= x >> np.uint64(30)
        x *= _MIX[0]
        x ^= x >> np.uint64(27)
        x *= _MIX[1]
        x ^= x >> np.uint64(31)
    x >>= _HALF
    return x


def pick(bits: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """A position below each count (n,), evenly, from 32 random bits each (n,)."""
    return ((bits * counts) >> _HALF).view(np.int64)

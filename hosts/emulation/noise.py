"""Seeded noise, keyed by what is measured, so that a resumed run sees the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hosts.emulation.hardware import Noise


def generator(*key: object) -> np.random.Generator:
    """A random generator that depends on the key alone (not on what was drawn before)."""
    digest = hashlib.blake2b("|".join(map(str, key)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


@dataclass(frozen=True, slots=True)
class RunFactors:
    """The noise factors of one run, on the profile's latency and power."""

    latency: float
    power: float


def run_factors(noise: Noise, seed: int, run: str) -> RunFactors:
    """Factors of a whole run; a few runs are outliers, slower by up to `outlier_max`."""
    random = generator(seed, "run", run)
    latency = _lognormal(random, noise.run_latency_cv)
    power = _lognormal(random, noise.run_power_cv)
    if random.random() < noise.outlier_rate:
        latency *= 1 + random.uniform(0.1 * noise.outlier_max, noise.outlier_max)
    return RunFactors(latency, power)


def request_factor(noise: Noise, seed: int, run: str, request: int, stage: str) -> float:
    """The factor of one stage (head, transfer, tail) of one request within a run."""
    if noise.request_latency_cv == 0:
        return 1.0
    return _lognormal(generator(seed, stage, run, request), noise.request_latency_cv)


def request_factors(
    noise: Noise, seed: int, run: str, count: int, stages: int
) -> npt.NDArray[np.float64]:
    """The factors of each stage of so many requests within a run (count, stages)."""
    normal = generator(seed, "requests", run).standard_normal((count, stages))
    return np.exp(noise.request_latency_cv * normal)


def _lognormal(random: np.random.Generator, cv: float) -> float:
    """A factor with median 1 and about this coefficient of variation."""
    return float(np.exp(cv * random.standard_normal()))

"""Classes of service: each request is of one, by their shares, and has its threshold from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import ConfigurationError
from dynasplit.online import workloads
from dynasplit.online.workload import Floats
from dynasplit.online.workloads.base import Drawn, Order

_KEYS = ("name", "share", "threshold_ms", "distribution")
_DRAWN = ("lognormal", "uniform", "weibull")
_FOR_CLASSES = 0x5EED
"""Keeps the draws of classes apart from those of thresholds."""


@dataclass(frozen=True)
class Classes(Drawn):
    """Thresholds of several classes.

    Attributes:
        names: the classes' (c,).
        shares: of all requests (c,), adding up to 1.
        parts: each class's thresholds (c,): one number in ms for all, or a distribution.
    """

    names: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    parts: tuple[float | Drawn, ...] = ()

    def classes(self, start: int, stop: int) -> npt.NDArray[np.intp]:
        """The class of each request start..stop (n,), as a position in `names`."""
        seeds = np.random.SeedSequence([self.seed, _FOR_CLASSES])
        drawn = np.random.Generator(np.random.PCG64(seeds).advance(start)).random(stop - start)
        return np.searchsorted(np.cumsum(self.shares)[:-1], drawn, side="right")

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        which, shares = self.classes(start, stop), self.uniforms(start, stop)
        found = np.empty(stop - start)
        for place, one in enumerate(self.parts):
            mine = which == place
            found[mine] = one.quantiles(shares[mine]) if isinstance(one, Drawn) else one
        return found

    def quantiles(self, shares: Floats) -> Floats:
        """Not to be had: a threshold depends on its request's class too.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("ask for a part")

    @property
    def words(self) -> str:
        """The classes in words."""
        each = zip(self.names, self.shares, self.parts, strict=True)
        return "; ".join(
            f"{name} {100 * share:.3g} %: {p.words if isinstance(p, Drawn) else f'{p:g} ms'}"
            for name, share, p in each
        )


def build(order: Order, *, classes: Sequence[Mapping[str, Any]]) -> Classes:
    """Classes of a name, a share, and a `threshold_ms` or a `distribution` with its options.

    Raises:
        ConfigurationError: a class cannot be, or the shares do not add up to 1.
    """
    names = tuple(str(one.get("name", "")) for one in classes)
    if not names or not all(names) or len(set(names)) < len(names):
        raise ConfigurationError(
            f"workload.classes with the names {list(names)}; allowed: at least one class, each "
            "with a name of its own"
        )
    shares = tuple(_share(one) for one in classes)
    if abs(sum(shares) - 1) > 1e-9:
        raise ConfigurationError(
            f"workload.classes: the shares add up to {sum(shares):g}; allowed: 1"
        )
    return Classes(
        order.drawn, order.seed, names, shares, tuple(_part(order, one) for one in classes)
    )


def _share(one: Mapping[str, Any]) -> float:
    strange = [key for key in one if key not in _KEYS]
    share = one.get("share")
    if strange or not isinstance(share, int | float) or not 0 < share <= 1:
        raise ConfigurationError(
            f"workload.classes, {one.get('name')}: found {dict(one)}; allowed: name, share (above "
            "0, up to 1), and threshold_ms or distribution"
        )
    return float(share)


def _part(order: Order, one: Mapping[str, Any]) -> float | Drawn:
    fixed, drawn = one.get("threshold_ms"), one.get("distribution")
    if drawn is None and isinstance(fixed, int | float) and 0 < fixed < float("inf"):
        return float(fixed)
    options = dict(drawn) if isinstance(drawn, Mapping) and fixed is None else {}
    kind = options.pop("kind", None)
    if kind not in _DRAWN:
        raise ConfigurationError(
            f"workload.classes, {one['name']}: found {dict(one)}; allowed: threshold_ms above 0, "
            f"or distribution={{kind: K}} with K of {', '.join(_DRAWN)} and its options"
        )
    found = workloads.build(kind, replace(order, count=order.drawn), **options)
    assert isinstance(found, Drawn)
    return found

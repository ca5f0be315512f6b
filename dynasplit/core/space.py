"""Configurations and the space of the valid ones."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from dynasplit.core.errors import ConfigurationError
from hosts.knobs.base import Value, Where, describe

KnobValue = Value


@dataclass(frozen=True, slots=True, order=True)
class Configuration:
    """A configuration: a split point of the network, and values of the knobs.

    Attributes:
        split_point: operations before it run on the edge; 0 is cloud-only, the last edge-only.
        knobs: (name, value) pairs in the space's order.
    """

    split_point: int
    knobs: tuple[tuple[str, KnobValue], ...] = ()

    @classmethod
    def of(cls, split_point: int, **knobs: KnobValue) -> Configuration:
        """Build one from keyword arguments, which keep their order."""
        return cls(split_point, tuple(knobs.items()))

    def get(self, name: str, default: KnobValue | None = None) -> KnobValue | None:
        """The value of a knob, or `default` where this configuration has none."""
        return dict(self.knobs).get(name, default)

    @property
    def cpu_mhz(self) -> int | None:
        """The edge's CPU frequency, or None where the testbed does not set it."""
        value = self.get("cpu_mhz")
        return None if value is None else int(value)

    @property
    def edge_accelerator(self) -> str:
        """The edge accelerator's mode; `off` where there is none."""
        return str(self.get("edge_accelerator", "off"))

    @property
    def codec(self) -> str:
        """The codec of the intermediate tensor; `none`: as it is."""
        return str(self.get("codec", "none"))

    @property
    def batch_size(self) -> int:
        """The number of images that head and tail take at once."""
        return int(self.get("batch_size", 1) or 1)

    @property
    def cloud_gpu(self) -> bool:
        """True if the cloud uses its GPU; False where there is none."""
        return bool(self.get("cloud_gpu", False))

    def as_dict(self) -> dict[str, KnobValue]:
        """Column name to value, the split point first."""
        return {"split_point": self.split_point, **dict(self.knobs)}

    def words(self) -> str:
        """For people: `split 5 · 1800 MHz · TPU max · no GPU`."""
        shown = (describe(name).shown(value) for name, value in self.knobs)
        return " · ".join(filter(None, (f"split {self.split_point}", *shown)))

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.as_dict().items())


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting that the search may choose.

    Attributes:
        name: also the column's name; carries its unit.
        values: allowed values, from the slowest to the fastest.
        where: what it acts on: `edge`, `cloud`, `link`, or `software`, which every stage sees.
        idle: the value that it must have while its host computes nothing; None: any.
    """

    name: str
    values: tuple[KnobValue, ...]
    where: Where = "edge"
    idle: KnobValue | None = None

    @classmethod
    def of(cls, name: str, values: Iterable[KnobValue]) -> Knob:
        """A knob as its file describes it, with these values in any order."""
        known, values = describe(name), tuple(values)
        return cls(name, known.ordered(values), known.where, known.resting(values))


@dataclass(frozen=True)
class SearchSpace:
    """The valid configurations of one network on one testbed.

    Attributes:
        knobs: what can be set besides the split point.
        split_points: the split points allowed, ascending.
        last_split_point: the one at which the whole network runs on the edge.
        configurations: all the valid ones, in the order of split points and knob values.
    """

    knobs: tuple[Knob, ...]
    split_points: tuple[int, ...]
    last_split_point: int
    configurations: tuple[Configuration, ...] = field(repr=False)

    @classmethod
    def build(
        cls, split_points: Iterable[int], last_split_point: int, knobs: Iterable[Knob]
    ) -> SearchSpace:
        """The product of split points and knob values, less what is invalid.

        Raises:
            ConfigurationError: nothing valid is left, or a split point is not the network's.
        """
        knobs, points = tuple(knobs), tuple(sorted(set(split_points)))
        strange = [k for k in points if not 0 <= k <= last_split_point]
        if strange:
            raise ConfigurationError(
                f"model.split_points has {strange}; the network has 0..{last_split_point}"
            )
        found = []
        for k in points:
            for values in itertools.product(*(knob.values for knob in knobs)):
                chosen = dict(zip((knob.name for knob in knobs), values, strict=True))
                if not _why_invalid(k, chosen, knobs, last_split_point):
                    found.append(Configuration.of(k, **chosen))
        if not found:
            sizes = ", ".join(f"{knob.name}={list(knob.values)}" for knob in knobs)
            raise ConfigurationError(
                f"the space has no valid configuration: split_points={list(points)}, {sizes}; "
                "at split point 0 the edge's knobs must allow their idle value, at the last "
                "one the cloud's"
            )
        return cls(knobs, points, last_split_point, tuple(found))

    @classmethod
    def from_configurations(
        cls, configurations: Iterable[Configuration], last_split_point: int
    ) -> SearchSpace:
        """The space of just these configurations; knob values are ordered by what they are.

        The knobs' own files say the order of values. A value that a knob must have while its host
        idles counts only if it occurs.
        """
        found = tuple(sorted(set(configurations), key=_sort_key))
        if not found:
            raise ConfigurationError("the space has no valid configuration: none was given")
        knobs = []
        for name in dict(found[0].knobs):
            knob = Knob.of(name, {dict(c.knobs)[name] for c in found})
            occurs = knob.idle in knob.values
            knobs.append(knob if occurs else replace(knob, idle=None))
        points = tuple(sorted({c.split_point for c in found}))
        return cls(tuple(knobs), points, last_split_point, found)

    def __len__(self) -> int:
        return len(self.configurations)

    def __contains__(self, configuration: object) -> bool:
        return configuration in self._index

    @cached_property
    def _index(self) -> dict[Configuration, int]:
        return {c: i for i, c in enumerate(self.configurations)}

    def index(self, configuration: Configuration) -> int:
        """The position of a configuration in `configurations`; ValueError if invalid."""
        try:
            return self._index[configuration]
        except KeyError:
            raise ValueError(f"{configuration} is not in the space") from None

    def knob(self, name: str) -> Knob | None:
        """The knob of that name, if the space has it."""
        return next((k for k in self.knobs if k.name == name), None)

    def explain(self, configuration: Configuration) -> str | None:
        """The reason why a configuration is not valid here; None if it is."""
        if configuration in self:
            return None
        if configuration.split_point not in self.split_points:
            return f"split point {configuration.split_point}; allowed: {list(self.split_points)}"
        chosen = dict(configuration.knobs)
        for knob in self.knobs:
            if chosen.get(knob.name) not in knob.values:
                return f"{knob.name}={chosen.get(knob.name)}; allowed: {list(knob.values)}"
        why = _why_invalid(configuration.split_point, chosen, self.knobs, self.last_split_point)
        return why or "not among the configurations of this space"

    def nearest(self, split_point: int, knobs: Mapping[str, KnobValue]) -> Configuration:
        """The valid configuration that differs least: by knob steps, split steps counted last.

        A point of the full product is repaired by setting idle knobs to their idle value.
        """
        repaired = dict(knobs)
        for knob in self.knobs:
            if knob.idle is not None and _is_idle(knob, split_point, self.last_split_point):
                repaired[knob.name] = knob.idle
        direct = Configuration.of(split_point, **{k.name: repaired[k.name] for k in self.knobs})
        if direct in self:
            return direct

        def distance(candidate: Configuration) -> tuple[float, float]:
            values = dict(candidate.knobs)
            steps = sum(
                abs(k.values.index(values[k.name]) - k.values.index(knobs[k.name]))
                / max(1, len(k.values) - 1)
                for k in self.knobs
            )
            span = max(1, self.last_split_point)
            return steps + abs(candidate.split_point - split_point) / span, steps

        return min(self.configurations, key=distance)

    @cached_property
    def cloud_only(self) -> Configuration | None:
        """Everything in the cloud, every knob at its fastest; None if 0 is no split point."""
        return self.fastest_at(0)

    @cached_property
    def edge_only(self) -> Configuration | None:
        """Everything on the edge, every knob at its fastest; None if that is not allowed."""
        return self.fastest_at(self.last_split_point)

    def fastest_at(
        self, split_point: int, without: Collection[tuple[str, KnobValue]] = ()
    ) -> Configuration | None:
        """The one of a split point with every knob at its fastest; None: there is none.

        Args:
            split_point: of the network.
            without: knob values that it must not have.
        """
        here = [
            c
            for c in self.configurations
            if c.split_point == split_point and not any(pair in without for pair in c.knobs)
        ]
        return max(here, key=self._speed_rank, default=None)

    def _speed_rank(self, configuration: Configuration) -> tuple[int, ...]:
        values = dict(configuration.knobs)
        return tuple(k.values.index(values[k.name]) for k in self.knobs)

    @cached_property
    def corners(self) -> tuple[Configuration, ...]:
        """Cloud-only, and edge-only in each mode at the lowest and the highest numbers.

        Knobs with numbers (a frequency) take their extremes, knobs with words each value.
        """
        extremes = {
            k.name: {k.values[0], k.values[-1]} if _is_numeric(k) else set(k.values)
            for k in self.knobs
        }
        at_last = [
            c
            for c in self.configurations
            if c.split_point == self.last_split_point
            and all(value in extremes[name] for name, value in c.knobs)
        ]
        first = [self.cloud_only] if self.cloud_only else []
        return tuple(first + [c for c in at_last if c not in first])


def _is_idle(knob: Knob, split_point: int, last_split_point: int) -> bool:
    return split_point == (0 if knob.where == "edge" else last_split_point)


def _why_invalid(
    split_point: int,
    chosen: Mapping[str, KnobValue],
    knobs: Iterable[Knob],
    last_split_point: int,
) -> str | None:
    for knob in knobs:
        idles = knob.idle is not None and _is_idle(knob, split_point, last_split_point)
        if idles and chosen[knob.name] != knob.idle:
            return (
                f"{knob.name}={chosen[knob.name]} at split point {split_point}, where the "
                f"{knob.where} has nothing to do; allowed: {knob.idle}"
            )
    return None


def _is_numeric(knob: Knob) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in knob.values)


def _sort_key(configuration: Configuration) -> tuple[object, ...]:
    ranks = (describe(name).rank(value) for name, value in configuration.knobs)
    return configuration.split_point, *ranks

"""The search space of a run: the hosts' knob values, narrowed by what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.space import Configuration, Knob, KnobValue, SearchSpace
from dynasplit.tables import RunsTable
from hosts.emulation.profile import Profile
from hosts.knobs.base import describe, names_on_hosts
from hosts.knobs.base import knobs as all_knobs

Asked = Mapping[str, Sequence[KnobValue] | None]
"""The values of each knob that may be searched (`space.<knob>`); None: all."""


@dataclass(frozen=True)
class AvailableKnobs:
    """The knob values that hosts have, from the slowest to the fastest.

    Attributes:
        whose: who has them, for messages.
        values: by knob; a knob that is absent is not there.
    """

    whose: str
    values: Mapping[str, Sequence[KnobValue]]


def available_of_profile(profile: Profile, network: str) -> AvailableKnobs:
    """The knobs that the profile's boards have for a network."""
    offered = {name: describe(name).of_profile(profile, network) for name in names_on_hosts()}
    boards = f"the boards of profile {profile.name}"
    for name, values in offered.items():
        _check_kind(name, values, boards)
    return AvailableKnobs(boards, {name: values for name, values in offered.items() if values})


def available_of_hosts(named: Iterable[str], profile: Profile, network: str) -> AvailableKnobs:
    """The knobs that one's own hosts are said to have, with the values that a profile says.

    The hosts themselves confirm them when they are opened.
    """
    of_profile = available_of_profile(profile, network).values
    return AvailableKnobs("the hosts", {n: of_profile[n] for n in named if n in of_profile})


def _check_kind(name: str, values: Iterable[KnobValue], whose: str) -> None:
    """Refuse values of another type than the knob's, or out of its range."""
    known = describe(name)
    for value in values:
        fits = type(value) is known.kind
        if fits and isinstance(value, int) and known.least is not None and known.most is not None:
            fits = known.least <= value <= known.most
        if not fits:
            limits = "" if known.least is None else f" from {known.least:g} to {known.most:g}"
            raise ConfigurationError(
                f"{whose} offer {name}={value!r}; allowed: {known.kind.__name__}{limits}"
            )


def order_knobs(
    single: Mapping[str, KnobValue], asked: Asked, profile: Profile | None
) -> list[Knob]:
    """Knobs that run orders carry, where the search chooses them or they are not the plain ones.

    Their plain values (codec `none`, batch size 1) count as the fastest.

    Args:
        single: the one value for a whole run (`measure.<knob>`).
        asked: the values to search.
        profile: whose costs must be known; None: the hosts measure them.

    Raises:
        ConfigurationError: a value is not allowed, or the profile does not say what it costs.
    """
    found = []
    for name, known in all_knobs().items():
        if known.plain is None:
            continue
        several, one = asked.get(name), single.get(name, known.plain)
        if several is not None and one != known.plain and one not in several:
            raise ConfigurationError(
                f"measure.{name}={one} and space.{name}={list(several)}; allowed: one of the two"
            )
        values: list[KnobValue] = [one] if several is None else list(several)
        allowed = known.allowed_of(profile)
        key = f"measure.{name}={one}" if several is None else f"space.{name}={values}"
        if allowed is not None and (not values or not set(values) <= set(allowed)):
            raise ConfigurationError(f"{key}; allowed: {', '.join(map(str, allowed))}")
        least = known.least
        if least is not None and (not values or min(map(float, values)) < least):
            raise ConfigurationError(f"{key}; allowed: numbers from {least:g}")
        if values != [known.plain]:
            found.append(Knob.of(name, values))
    return found


def build_space(
    available: AvailableKnobs,
    asked: Asked,
    split_points: Iterable[int] | None,
    last_split_point: int,
    more: Sequence[Knob] = (),
) -> SearchSpace:
    """The valid configurations of what is available and asked for, and of further knobs.

    Raises:
        ConfigurationError: a value is not available, or nothing valid is left.
    """
    found = []
    for name in names_on_hosts():
        offered = available.values.get(name, ())
        values = _narrowed(name, asked.get(name), offered, available.whose)
        if values:
            known, idle = describe(name), describe(name).resting(values)
            # a value that the hosts do not have cannot be a rule
            found.append(Knob(name, values, known.where, idle if idle in offered else None))
    points = range(last_split_point + 1) if split_points is None else split_points
    return SearchSpace.build(points, last_split_point, [*found, *more])


def control_of(asked: Mapping[str, Any], space: SearchSpace) -> Configuration:
    """The control configuration: the first corner, or what is asked for, its open knobs likewise.

    Args:
        asked: split point and knobs, each of them if it matters.
        space: it must be in it.

    Raises:
        ConfigurationError: it is not.
    """
    first = space.corners[0] if space.corners else space.configurations[0]
    told = {"split_point": first.split_point, **dict(first.knobs), **asked}
    split_point = told.pop("split_point")
    control = Configuration.of(split_point, **told)
    if control not in space:
        allowed = ", ".join(("split_point", *dict(first.knobs)))
        why = space.explain(control) if set(asked) <= set(allowed.split(", ")) else None
        raise ConfigurationError(
            f"measure.control={dict(asked)}: {why or 'no such knob'}; allowed: {allowed}, as they "
            "are in the space"
        )
    return control


def space_of_runs(runs: RunsTable, asked: Asked, points: Sequence[int] | None) -> SearchSpace:
    """The recorded configurations, as far as they are asked for.

    Raises:
        ConfigurationError: a value is not in the table, or nothing is left.
    """
    whose = str(runs.path or "the runs")
    kept: list[Configuration] = list(runs.configurations)
    for name, wanted in asked.items():
        offered = list(dict.fromkeys(v for c in kept if (v := c.get(name)) is not None))
        values = _narrowed(name, wanted, offered, whose)
        kept = [c for c in kept if c.get(name) in (*values, None)]
    if points is not None:
        kept = [c for c in kept if c.split_point in points]
    return SearchSpace.from_configurations(kept, runs.last_split_point)


def _narrowed(
    name: str, asked: Sequence[KnobValue] | None, offered: Sequence[KnobValue], whose: str
) -> tuple[KnobValue, ...]:
    """The values both asked for and offered, in the order of the offer."""
    strange = [v for v in asked or () if v not in offered]
    if strange or (asked is not None and not asked):
        has = f"{whose} offer {', '.join(map(str, offered)) or 'no such knob'}"
        raise ConfigurationError(f"space.{name}={list(asked or ())}; {has}")
    return tuple(v for v in offered if asked is None or v in asked)

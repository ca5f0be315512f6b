"""The search space of a run: what the hosts offer, narrowed by what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dynasplit.config.schema import Config
from dynasplit.config.testbed_options import SpaceConf
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.tables import RunsTable
from hosts import codecs
from hosts.emulation.profile import Profile

Value = TypeVar("Value", int, str, bool)


@dataclass(frozen=True)
class Offer:
    """The knob values that the hosts have, from the slowest to the fastest; empty: no such knob.

    Attributes:
        whose: who offers them, for messages.
    """

    whose: str
    cpu_mhz: Sequence[int]
    edge_accelerator: Sequence[str]
    cloud_gpu: Sequence[bool]


def offer_of_profile(profile: Profile, network: str) -> Offer:
    """What the profile's boards have; an accelerator mode counts if the network has its timings."""
    boards = f"the boards of profile {profile.name}"
    rows = [row.edge for row in profile.networks[network].splits if row.split_point > 0]
    modes = [m for m in profile.edge.accelerator_modes if all(m in row for row in rows)]
    has_accelerator = len(profile.edge.accelerator_modes) > 1
    gpu = (False, True) if profile.cloud.gpu else ()
    return Offer(boards, profile.edge.cpu_mhz, modes if has_accelerator else (), gpu)


def offer_of_hosts(config: Config, profile: Profile | None) -> Offer:
    """What one's own hosts have: the knobs that they name, with the profile's values.

    Without a profile, the frequencies are those that the space names.

    Raises:
        ConfigurationError: nothing names the frequencies of the edge.
    """
    edge, cloud, asked = config.hosts.edge.knobs, config.hosts.cloud.knobs, config.space
    if profile is not None:
        values = offer_of_profile(profile, config.model.label)
    else:
        values = Offer("", sorted(asked.cpu_mhz or ()), ("off", "std", "max"), (False, True))
    if "cpu_mhz" in edge and not values.cpu_mhz:
        raise ConfigurationError(
            "the edge has the knob cpu_mhz; say which frequencies may be searched: "
            "space.cpu_mhz=[600,1800], or hosts.profile=NAME|FILE that names them"
        )
    return Offer(
        "the hosts",
        values.cpu_mhz if "cpu_mhz" in edge else (),
        values.edge_accelerator if "edge_accelerator" in edge else (),
        values.cloud_gpu if "cloud_gpu" in cloud else (),
    )


def sending_knobs(config: Config, profile: Profile | None) -> list[Knob]:
    """Codec and batch size, where the search chooses them or they are not the plain ones.

    Their plain values (none and 1) count as the fastest. At the last split point nothing is sent,
    and the codec is the plainest of those asked for.

    Raises:
        ConfigurationError: there is no such codec, or the profile does not say what it costs.
    """
    found, space, measure = [], config.space, config.measure
    for name, plain in (("codec", codecs.PLAIN), ("batch_size", 1)):
        one, several = getattr(measure, name), getattr(space, name)
        if several is not None and one != plain and one not in several:
            raise ConfigurationError(
                f"measure.{name}={one} and space.{name}={list(several)}; allowed: one of the two"
            )
    wanted = [measure.codec] if space.codec is None else space.codec
    _check_codecs(config, wanted, profile)
    if wanted != [codecs.PLAIN]:
        ordered = tuple(sorted(set(wanted), key=lambda n: (n != codecs.PLAIN, n), reverse=True))
        found.append(Knob("codec", ordered, host="link", idle=ordered[-1]))
    sizes = [measure.batch_size] if space.batch_size is None else space.batch_size
    if not sizes or min(sizes) < 1:
        raise ConfigurationError(f"space.batch_size={sizes}; allowed: numbers from 1")
    if sizes != [1]:
        found.append(Knob("batch_size", tuple(sorted(set(sizes), reverse=True)), host="all"))
    return found


def _check_codecs(config: Config, wanted: Sequence[str], profile: Profile | None) -> None:
    key = "measure.codec" if config.space.codec is None else "space.codec"
    shown = config.measure.codec if config.space.codec is None else list(wanted)
    allowed = codecs.names()
    if profile is not None and config.hosts.kind in ("emulated", "modelled"):
        costs = {codecs.PLAIN, *profile.codecs}
        allowed = [name for name in allowed if costs.issuperset(name.split("+"))]
    if not wanted or not set(wanted) <= set(allowed):
        raise ConfigurationError(f"{key}={shown}; allowed: {', '.join(allowed)}")


def build_space(
    offer: Offer,
    asked: SpaceConf,
    split_points: Iterable[int] | None,
    last_split_point: int,
    more: Sequence[Knob] = (),
) -> SearchSpace:
    """The valid configurations of what is offered and asked for, and of further knobs.

    Raises:
        ConfigurationError: a value is not offered, or nothing valid is left.
    """
    found = [
        Knob("cpu_mhz", _narrowed("cpu_mhz", asked.cpu_mhz, offer.cpu_mhz, offer.whose)),
        Knob(
            "edge_accelerator",
            _narrowed(
                "edge_accelerator", asked.edge_accelerator, offer.edge_accelerator, offer.whose
            ),
            idle="off",
        ),
        Knob(
            "cloud_gpu",
            _narrowed("cloud_gpu", asked.cloud_gpu, offer.cloud_gpu, offer.whose),
            host="cloud",
            idle=False,
        ),
    ]
    points = range(last_split_point + 1) if split_points is None else split_points
    knobs = [*(knob for knob in found if knob.values), *more]
    return SearchSpace.build(points, last_split_point, knobs)


def space_of_runs(runs: RunsTable, asked: SpaceConf, points: Sequence[int] | None) -> SearchSpace:
    """The recorded configurations, as far as they are asked for.

    Raises:
        ConfigurationError: a value is not in the table, or nothing is left.
    """
    whose = str(runs.path or "the runs")
    kept: list[Configuration] = list(runs.configurations)
    for name in ("cpu_mhz", "edge_accelerator", "cloud_gpu", "codec", "batch_size"):
        offered = list(dict.fromkeys(v for c in kept if (v := c.get(name)) is not None))
        values = _narrowed(name, getattr(asked, name), offered, whose)  # type: ignore[type-var]
        kept = [c for c in kept if c.get(name) in (*values, None)]
    if points is not None:
        kept = [c for c in kept if c.split_point in points]
    return SearchSpace.from_configurations(kept, runs.last_split_point)


def _narrowed(
    name: str, asked: Sequence[Value] | None, offered: Sequence[Value], whose: str
) -> tuple[Value, ...]:
    """What is both asked for and offered, in the order of the offer."""
    strange = [v for v in asked or () if v not in offered]
    if strange or asked == []:
        has = f"{whose} offer {', '.join(map(str, offered)) or 'no such knob'}"
        raise ConfigurationError(f"space.{name}={list(asked or ())}; {has}")
    return tuple(v for v in offered if asked is None or v in asked)

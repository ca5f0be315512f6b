"""A network's split points, and the timings that a profile's law predicts for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dynasplit.app.setup.prepare_model import explained, order_of
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.profile.fit import predict_profile
from dynasplit.profile.law import Cut
from hosts.emulation.profile import Profile
from hosts.models.networks.base import Progress
from hosts.models.prepare.describe import Described, Description, describe


def silent(_what: str, /) -> None:
    """Follows nothing."""


def description_of(config: Config, progress: Progress) -> Description:
    """The split points of the network that is asked for.

    Raises:
        ConfigurationError: there is no such network, or it cannot be split.
        DataError: the cache cannot be used.
    """
    order = order_of(config)
    with explained():
        description = describe(order, progress)
    return msgspec.structs.replace(description, model=config.model.label)


def chosen_of(config: Config, description: Description) -> Sequence[Described]:
    """Those that `model.split_points` leaves.

    Raises:
        ConfigurationError: it names one that there is not, or none.
    """
    asked = config.model.split_points
    if asked is None:
        return description.split_points
    last = description.last_split_point
    if not asked or any(k not in range(last + 1) for k in asked):
        raise ConfigurationError(
            f"model.split_points={list(asked)}; {description.model} has 0..{last}, name one or more"
        )
    return [point for point in description.split_points if point.index in asked]


def cuts_of(description: Description) -> list[Cut]:
    """As a profile's law takes them."""
    return [
        Cut(point.index, point.head_mmac, point.tail_mmac, point.bytes / 1024)
        for point in description.split_points
    ]


def predicted_profile(profile: Profile, config: Config, progress: Progress) -> Profile:
    """The profile with a network that it has no timings of, predicted by its law.

    The law knows no accelerator, so that the predicted network has none.

    Raises:
        ConfigurationError: the profile has no law, or the network cannot be split.
        DataError: the cache cannot be used.
    """
    name = config.model.label
    if profile.law is None:
        raise ConfigurationError(
            f"model={name}: profile {profile.name} has no timings of it, and no law that would "
            f"predict them; it has: {', '.join(profile.networks) or 'none'}"
        )
    return predict_profile(profile, name, cuts_of(description_of(config, progress))).profile

"""A network's split points, and the timings that a profile's law predicts for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dynasplit.app.setup.prepare_model import explained
from dynasplit.core.errors import ConfigurationError
from dynasplit.profile.fit import predict_profile
from dynasplit.profile.law import Cut
from hosts.core.errors import BoardError
from hosts.emulation.profile import Profile, load_profile, own_files
from hosts.models.networks.base import Progress
from hosts.models.prepare.describe import Description, SplitPointDescription, describe
from hosts.models.prepare.prepare import PrepareOrder


def description_of(order: PrepareOrder, network: str, progress: Progress) -> Description:
    """The split points of the network that is ordered; `network` is what results call it.

    Raises:
        ConfigurationError: there is no such network, or it cannot be split.
        CacheError: the cache cannot be used.
    """
    with explained():
        description = describe(order, progress)
    return msgspec.structs.replace(description, model=network)


def chosen_of(
    asked: Sequence[int] | None, description: Description
) -> Sequence[SplitPointDescription]:
    """The split points that are asked for (`model.split_points`); None: all.

    Raises:
        ConfigurationError: it names one that there is not, or none.
    """
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


def predicted_profile(
    profile: Profile, order: PrepareOrder, network: str, progress: Progress
) -> Profile:
    """The profile with a network that it has no timings of, predicted by its law.

    The law knows no accelerator, so that the predicted network has none.

    Raises:
        ConfigurationError: the profile has no law, or the network cannot be split.
        CacheError: the cache cannot be used.
    """
    if profile.law is None:
        raise ConfigurationError(
            f"model={network}: profile {profile.name} has no timings of it, and no law that would "
            f"predict them; it has: {', '.join(profile.networks) or 'none'}"
        )
    if profile.tails and network not in profile.tails:
        raise ConfigurationError(
            f"model={network}: the tails of profile {profile.name} were measured of "
            f"{', '.join(profile.tails)} alone, and follow no law; allowed: one of these"
        )
    cuts = cuts_of(description_of(order, network, progress))
    return predict_profile(profile, network, cuts).profile


def profile_of(named: str, key: str) -> Profile:
    """A profile by name or file; `key` is the option that names it.

    Raises:
        ConfigurationError: there is none, or its file does not say what it must.
    """
    try:
        return load_profile(named)
    except BoardError as error:
        raise ConfigurationError(f"{key}={named}: {error}") from error


def profile_files(named: str | None) -> list[Path]:
    """One's own files that `hosts.profile` is read from; none where it comes with the project.

    Raises:
        ConfigurationError: there is no such profile, or a file does not say what it must.
    """
    if named is None:
        return []
    try:
        return own_files(named)
    except BoardError as error:
        raise ConfigurationError(f"hosts.profile={named}: {error}") from error


def with_rest(profile: Profile, rest_w: float | None) -> Profile:
    """The profile with so many watts assumed for what of the cloud's node was not measured.

    Raises:
        ConfigurationError: the whole node was measured.
    """
    if rest_w is None:
        return profile
    if profile.cloud.rest_w is None:
        raise ConfigurationError(
            f"hosts.cloud_rest_w={rest_w:g} with profile {profile.name}, whose cloud was measured "
            "as a whole; allowed: with a profile of a GPU's board alone, such as pi4_coral_h200"
        )
    cloud = msgspec.structs.replace(profile.cloud, rest_w=rest_w)
    return msgspec.structs.replace(profile, cloud=cloud)

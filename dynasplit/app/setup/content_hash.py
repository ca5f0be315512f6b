"""The content of what is asked for, as one hash: the configuration, and the files that it names."""

from __future__ import annotations

from pathlib import Path

from dynasplit.app.setup.describe_splits import profile_files
from dynasplit.app.setup.network_order import order_of
from dynasplit.config.input_files import without_places
from dynasplit.config.load import determining
from dynasplit.config.schema import Config
from dynasplit.run.identity import identity_of
from hosts.models.datasets import base as datasets


def content_of(config: Config) -> str:
    """The hash (64 hexadecimal digits) of all that is asked for and the result depends on.

    It needs no prepared network, so it is known before anything starts. A folder that `resume`
    names belongs to it: what is taken over from there may have been measured otherwise.

    Raises:
        DataError: a file cannot be read. ConfigurationError: there is no such profile.
    """
    named = (
        *(config.runs, config.front, config.workload.file, config.fit.macs),
        *(config.model.path, config.model.weights, config.data.labels),
    )
    files = [Path(name) for name in named if name is not None and Path(name).is_file()]
    files += profile_files(config.hosts.profile)
    asked = without_places(determining(config))
    if isinstance(config.resume, str):
        asked["resume"] = config.resume
    return identity_of(asked, files=files, artifacts=_images(config))


def _images(config: Config) -> list[str]:
    """The identity of images that lie in a folder of the user's."""
    if config.data.path is None or not Path(config.data.path).is_dir():
        return []
    order = order_of(config)
    return [datasets.identity(order.data, order.source())]

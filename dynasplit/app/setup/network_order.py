"""Builds the order to prepare a network and its images from their options."""

from __future__ import annotations

from dynasplit.app.setup.prepare_model import explained
from dynasplit.config.schema import Config
from hosts.models.prepare.prepare import PrepareOrder, settled


def order_of(config: Config) -> PrepareOrder:
    """The order to prepare the network and its images.

    Raises:
        ConfigurationError: there is no such network, data set, or weights.
    """
    order = PrepareOrder(
        network=config.model.name,
        weights=config.model.weights,
        data=config.data.name,
        images=config.data.images,
        calibration=config.model.calibration_images,
        seed=config.model.seed,
        precision=config.model.precision,
        path=config.model.path or "",
        scaling=config.model.scaling,
        data_path=config.data.path or "",
        data_labels=config.data.labels or "",
        data_tfds=config.data.tfds or "",
        data_split=config.data.split or "",
    )
    with explained():
        return settled(order)

"""Runs that tests make for themselves: the packaged profile's, and a foreign testbed's."""

import pytest

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Knob, SearchSpace
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile


@pytest.fixture(scope="session")
def vgg16_space() -> SearchSpace:
    """The 917 configurations of the published testbed."""
    return SearchSpace.build(
        range(23),
        22,
        [
            Knob("cpu_mhz", tuple(range(600, 2000, 200))),
            Knob("edge_accelerator", ("off", "std", "max"), idle="off"),
            Knob("cloud_gpu", (False, True), "cloud", idle=False),
        ],
    )


@pytest.fixture(scope="session")
def vgg16_runs(vgg16_space: SearchSpace) -> list[Measurement]:
    """One noisy run of each of them, with an accuracy that depends on the split point."""
    testbed = ModelledTestbed(load_profile("pi4_coral_v100"), "vgg16", seed=1)
    return [
        with_accuracy(testbed.measure(c), 0.6 + 0.0005 * c.split_point)
        for c in vgg16_space.configurations
    ]


def with_accuracy(run: Measurement, accuracy: float) -> Measurement:
    import dataclasses

    return dataclasses.replace(run, accuracy=accuracy)


@pytest.fixture(scope="session")
def foreign_runs() -> list[Measurement]:
    """A testbed with 5 split points, two frequencies, no accelerator, no accuracy, no energy."""
    space = SearchSpace.build(range(6), 5, [Knob("cpu_mhz", (1000, 2400))])
    return [
        Measurement(configuration=c, latency_ms=20 + 7.0 * c.split_point * 1000 / (c.cpu_mhz or 1))
        for c in space.configurations
    ]

"""A small space on the packaged profile, and testbeds that are watched and misbehave."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable

import pytest

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile


@dataclasses.dataclass
class Watched:
    """The profile as a testbed, watched, with accuracy, and told how to misbehave.

    Attributes:
        before: is called before each measurement with its number from 0; may raise.
        spent: runs of each configuration, in order.
    """

    inner: ModelledTestbed
    before: Callable[[int, Configuration], None] = lambda _number, _configuration: None
    has_accuracy: bool = True
    spent: list[tuple[Configuration, int]] = dataclasses.field(default_factory=list)
    calls: int = 0

    def measure(self, configuration, *, repeat=0, request=None, stream="") -> Measurement:
        self.calls += 1
        self.before(self.calls - 1, configuration)
        self.spent.append((configuration, repeat))
        found = self.inner.measure(configuration, repeat=repeat, request=request, stream=stream)
        return (
            dataclasses.replace(found, accuracy=_accuracy(configuration))
            if (self.has_accuracy)
            else found
        )

    def repeated(self) -> list[tuple[Configuration, int]]:
        return [run for run, times in Counter(self.spent).items() if times > 1]


def but_for_time(measurement: Measurement) -> Measurement:
    """Without what it cost: after a start every knob is set, else only those that differ."""
    return dataclasses.replace(measurement, testbed_time_s=None)


def _accuracy(configuration: Configuration) -> float:
    key = f"{configuration.split_point}{configuration.edge_accelerator}".encode()
    return 0.6 + hashlib.blake2b(key, digest_size=1).digest()[0] / 2**15


@pytest.fixture(scope="session")
def profile():
    return load_profile("pi4_coral_v100")


@pytest.fixture
def space() -> SearchSpace:
    """Of 1/5 of the published one's split points: 182 configurations."""
    return SearchSpace.build(
        (0, 6, 10, 14, 18, 22),
        22,
        [
            Knob("cpu_mhz", (600, 800, 1000, 1200, 1400, 1600, 1800)),
            Knob("edge_accelerator", ("off", "std", "max"), idle="off"),
            Knob("cloud_gpu", (False, True), where="cloud", idle=False),
        ],
    )


@pytest.fixture
def testbed(profile) -> Watched:
    return Watched(ModelledTestbed(profile, "vgg16"))


@pytest.fixture
def make_testbed(profile) -> Callable[..., Watched]:
    return lambda **options: Watched(ModelledTestbed(profile, "vgg16"), **options)

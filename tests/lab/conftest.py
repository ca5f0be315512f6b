"""The lab as a fixture: up once for all tests that ask for it, and healed after each."""

from collections.abc import Iterator

import pytest

from tests.lab.lab import Lab, open_lab
from tests.lab.needs import missing


@pytest.fixture(scope="session")
def running_lab() -> Iterator[Lab]:
    if why := missing():
        pytest.skip(why)
    with open_lab() as lab:
        yield lab


@pytest.fixture
def lab(running_lab) -> Iterator[Lab]:
    """Two hosts without faults, all cables in."""
    yield running_lab
    running_lab.heal()

"""Searches and choices on modelled hosts are what they were: the rows of golden.csv."""

import pytest

from tests.system.golden import check, measured


@pytest.mark.medium
@pytest.mark.timeout(400)
def test_a_run_gives_what_it_gave():
    check(measured("vgg16_modelled", ["tpe"], [0]), 1)


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("search", ["nsga3", "structured", "tpe"])
def test_every_run_gives_what_it_gave(search):
    check(measured("vgg16_modelled", [search], range(5)), 5)

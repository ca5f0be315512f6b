"""Searches and choices on emulated hosts are what they were: the rows of golden.csv.

Of these, `test_experiments.py` checks the one that it runs anyhow.
"""

import pytest

from tests.system.golden import check, measured


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("search", ["nsga3", "structured", "tpe"])
def test_every_run_gives_what_it_gave(search):
    check(measured("quick_testbed", [search], range(5)), 5)

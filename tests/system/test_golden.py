"""Searches find and policies choose what they did before: the rows of golden.csv."""

import pytest

from tests.system.golden import EXPERIMENTS, SEARCHES, SEEDS, key_of, measured, recorded


def check(rows: list) -> None:
    before = recorded()
    for row in rows:
        assert row == before[key_of(row)], key_of(row)


@pytest.mark.medium
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("experiment", "search"), [("quick_testbed", "nsga3"), ("vgg16_modelled", "structured")]
)
def test_a_run_gives_what_it_gave(experiment, search):
    rows = measured(experiment, [search], [0])
    assert len(rows) == 1
    check(rows)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_run_gives_what_it_gave(experiment):
    rows = measured(experiment, SEARCHES, SEEDS)
    assert len(rows) == len(SEARCHES) * len(SEEDS)
    check(rows)

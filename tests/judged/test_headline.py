"""The headline holds: a tenth of the seeds in the normal tests, all of them in `make judge`."""

import pytest

from tests.judged.headline import PUBLISHED_MET, PUBLISHED_SAVING, held, published, savings_by_size


@pytest.mark.medium
def test_the_saving_does_not_depend_on_how_many_requests_are_served() -> None:
    found = savings_by_size().values()
    assert max(found) - min(found) < 2


@pytest.mark.medium
def test_most_intervals_hold_the_truth() -> None:
    assert held(20) >= 17


@pytest.mark.judge
def test_nine_intervals_of_ten_hold_the_truth() -> None:
    assert held(200) >= 180


def check_published(seeds: int) -> None:
    saving, met = published(seeds)
    assert PUBLISHED_SAVING[0] <= saving <= PUBLISHED_SAVING[1]
    assert PUBLISHED_MET[0] <= met <= PUBLISHED_MET[1]


@pytest.mark.medium
def test_the_published_way_gives_the_published_figures() -> None:
    check_published(5)


@pytest.mark.judge
def test_so_do_its_medians_over_twenty_seeds() -> None:
    check_published(20)

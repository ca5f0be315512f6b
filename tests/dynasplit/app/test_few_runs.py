"""A front whose members were measured a few times only is told as such."""

import pytest

from dynasplit.app.report.report import few_runs


@pytest.mark.parametrize(("least", "said"), [(1, True), (4, True), (5, False), (9, False)])
def test_fewer_than_five_runs_are_told(least, said):
    assert bool(few_runs(least)) == said
    if said:
        assert f"have {least} runs or more; 5 are needed" in few_runs(least)


def test_a_front_without_members_says_nothing():
    assert few_runs(None) == ""

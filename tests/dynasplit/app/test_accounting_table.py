"""Who needs less by each accounting, and how much of it is idle power, in words."""

import pytest

from dynasplit.app.cli.accounting_table import winner_lines


def told(name, dynasplit_j, cloud_j, edge_j, span=None):
    blocks = {
        policy: {
            "energy_j_mean": mean_j,
            "energy_saving_vs_cloud_pct": 100 * (1 - mean_j / cloud_j),
        }
        for policy, mean_j in (
            ("dynasplit", dynasplit_j),
            ("cloud_only", cloud_j),
            ("edge_only", edge_j),
        )
    }
    if span is not None:
        blocks["dynasplit"]["confidence_95"] = {"energy_saving_vs_cloud_pct": span}
    return {name: {"label": name, "policies": blocks}}


def test_the_winner_and_the_share_of_idle_power_are_said_by_each_accounting():
    every = told("occupied", 1.5, 5.0, 0.2) | told("active", 0.8, 3.0, 0.05)
    every |= told("wall", 6.0, 5.5, 5.0)
    assert winner_lines(every) == [
        "By occupied dynasplit needs less than cloud_only (1.5 J and 5 J a request); idle power is "
        "40 % of cloud_only's and 75 % of edge_only's",
        "By active dynasplit needs less than cloud_only (800 mJ and 3 J a request)",
        "By wall cloud_only needs less than dynasplit (5.5 J and 6 J a request); idle power is "
        "45 % of cloud_only's and 99 % of edge_only's",
    ]


@pytest.mark.parametrize(("mine_j", "span"), [(4.99, None), (4.0, [-3.0, 40.0])])
def test_what_may_be_chance_is_not_told_apart(mine_j, span):
    (line,) = winner_lines(told("wall", mine_j, 5.0, 9.0, span))
    assert line.startswith("By wall dynasplit and cloud_only are not told apart (")
    assert "idle power" not in line  # it is not known without active


def test_energies_that_meters_do_not_tell_from_nothing_are_not_told_apart():
    one = told("active", 0.01, 0.2, 0.1)
    one["active"]["policies"]["cloud_only"]["meters_95"] = {"energy_j_mean": [0.0, 0.5]}
    (line,) = winner_lines(one)
    assert line.startswith("By active dynasplit and cloud_only are not told apart (10 mJ and 200")


def test_nothing_is_said_where_one_of_them_did_not_serve_or_has_no_energy():
    one = told("wall", 1.0, 2.0, 3.0)
    del one["wall"]["policies"]["cloud_only"]
    assert winner_lines(one) == []
    assert winner_lines({"wall": {"label": "wall", "lacks": "much"}}) == []

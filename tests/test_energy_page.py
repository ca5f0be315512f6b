"""docs/energy.md's table of both clouds is what is found."""

import pytest

from tests.energy_page import ACCOUNTINGS, CLOUDS, HEAD, PAGE, found, page, rows


@pytest.mark.medium
def test_the_table_is_what_is_found():
    text = PAGE.read_text(encoding="utf-8")
    assert HEAD + rows() in text, "make it anew: python -m tests.energy_page"
    assert page(text) == text


@pytest.mark.medium
def test_the_published_conclusion_holds_on_the_published_cloud_and_turns_round_on_the_other():
    occupied, _, wall, _ = ACCOUNTINGS
    saved = {
        cloud: found(name, occupied).blocks["dynasplit"]["energy_saving_vs_cloud_pct"]
        for cloud, name in CLOUDS.items()
    }
    assert saved["V100 node"] > 60
    assert saved["H200 board"] < 5
    for name in CLOUDS.values():
        assert found(name, wall).blocks["edge_only"]["energy_saving_vs_cloud_pct"] < -100

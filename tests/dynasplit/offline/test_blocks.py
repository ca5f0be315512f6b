"""Seeded blocks: drawn from the seed alone, kept with the run, the same after a kill."""

import json

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.offline.blocks import Orders, place
from dynasplit.offline.search import build
from dynasplit.offline.search.base import Progress

SPACE = SearchSpace.build(range(5), 4, [Knob("cpu_mhz", (600, 1200, 1800))])


def order_of(seed: int, kept: int = 0, **options) -> list[Configuration]:
    """What a grid suggests one after the other, begun anew after so many."""
    history: list[Measurement] = []
    grid = build("grid", **options)
    while len(history) < len(SPACE):
        if len(history) == kept:
            grid = build("grid", **options)
        chosen = grid.suggest(Progress(SPACE, seed, len(history), tuple(history))).configuration
        history.append(Measurement(configuration=chosen, latency_ms=1.0))
    return [measurement.configuration for measurement in history]


def test_a_grid_goes_through_the_space_or_through_a_seeded_block():
    assert order_of(0) == list(SPACE.configurations)
    drawn = order_of(0, order="blocks")
    assert drawn != list(SPACE.configurations)
    assert set(drawn) == set(SPACE.configurations)
    assert order_of(1, order="blocks") != drawn
    assert order_of(0, kept=7, order="blocks") == drawn
    assert drawn == sorted(SPACE.configurations, key=lambda c: place(0, 0, c))
    assert repr(build("grid")) == "Grid()"  # studies from before go on


def test_each_block_is_kept_once_however_often_a_run_is_begun(tmp_path):
    for _ in range(2):
        orders = Orders(tmp_path)
        orders.keep("search", 3, 0, SPACE.configurations[:2])
        orders.keep("repeats", 3, 1, SPACE.configurations[1:3])
    lines = [json.loads(line) for line in (tmp_path / "order.jsonl").read_text().splitlines()]
    assert [(line["phase"], line["block"]) for line in lines] == [("search", 0), ("repeats", 1)]
    assert lines[0]["configurations"] == [c.words() for c in SPACE.configurations[:2]]

"""By how much each fault of a meter bends an energy, against what the board has really drawn.

The board draws 2.9 W at rest and 4.8 W under load, 10 s each in turn, for 80 s.
"""

import asyncio
import itertools

import pytest

from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.asked_faults import built
from hosts.emulation.board import EdgeBoard
from hosts.emulation.faulty_meter import FaultyMeter
from hosts.emulation.meter import BoardMeter
from hosts.meters.base import build
from tests.boards import two_boards, variables
from tests.hosts.emulation.conftest import make_profile

REST_W, LOAD_W = 2.9, 4.8
TURNS = [(10_000_000_000, 10_000_000_000)] * 4


@pytest.fixture
def said():
    """Readings of a meter with faults, after the board has worked; no noise."""

    def of(*asked, often=False, seed=0):
        faults = ActingFaults(built(asked, "edge", seed))
        board = EdgeBoard(make_profile(meter_error=False), seed)
        board.switch_port(False)
        board.cpu_mhz = 1800.0
        meter = FaultyMeter(BoardMeter(board, board.profile.edge.meter, "edge"), faults, None)
        for turn in TURNS:
            board.load("r", [turn])
            if often:
                asyncio.run(meter.go_on())
        asyncio.run(meter.go_on())
        return meter.readings(0)

    return of


def energy_j(readings, start_s, end_s):
    """As a window is integrated, of readings each of which stands for its period."""
    inside = [w for t, w in readings if start_s <= t / 1e9 < end_s]
    return sum(inside) / len(inside) * (end_s - start_s)


def test_without_a_fault_a_window_holds_what_was_drawn(said):
    assert energy_j(said(), 10, 20) == pytest.approx(10 * LOAD_W)
    assert energy_j(said(), 0, 80) == pytest.approx(40 * (LOAD_W + REST_W))


def test_readings_do_not_depend_on_how_often_they_are_asked_for(said):
    asked = ["repeating_meter", "averaging_meter", {"fault": "lagging_meter", "lag_s": 0.3}]
    assert said(*asked, often=True) == said(*asked)


@pytest.mark.parametrize(("after_s", "found_w"), [(0, REST_W), (15, LOAD_W), (29, REST_W)])
def test_a_frozen_meter_goes_on_with_the_value_that_it_had(said, after_s, found_w):
    readings = said({"fault": "frozen_meter", "after_s": after_s})
    late = {round(w, 9) for t, w in readings if t / 1e9 > after_s}
    assert late == {found_w}
    assert energy_j(readings, 30, 50) == pytest.approx(20 * found_w)
    assert [t for t, _ in readings] == [t for t, _ in said()]
    if after_s == 15:
        assert energy_j(readings, 0, 15) == pytest.approx(10 * REST_W + 5 * LOAD_W)


@pytest.mark.parametrize("lag_s", [0.5, 2, 10])
def test_a_lagging_meter_gives_a_window_the_energy_of_before(said, lag_s):
    readings = said({"fault": "lagging_meter", "lag_s": lag_s})
    bent_j = energy_j(readings, 30, 40) - 10 * LOAD_W
    assert bent_j == pytest.approx(-lag_s * (LOAD_W - REST_W))
    assert [t for t, _ in readings] == [t for t, _ in said()]


@pytest.mark.parametrize("gap_s", [0.3, 2, 10])
def test_a_silent_meter_leaves_out_readings(said, gap_s):
    readings = said({"fault": "silent_meter", "after_s": 20, "gap_s": gap_s})
    assert len(said()) - len(readings) == round(gap_s * 10)
    times_s = [t / 1e9 for t, _ in readings]
    widest_s = max(b - a for a, b in itertools.pairwise(times_s))
    assert widest_s == pytest.approx(gap_s + 0.1)
    twice = said({"fault": "silent_meter", "after_s": 20, "gap_s": gap_s, "every_s": 30})
    assert len(said()) - len(twice) == round(2 * gap_s * 10)


@pytest.mark.parametrize("times", [2, 5, 50])
def test_a_repeating_meter_gives_the_value_of_the_first(said, times):
    readings = said({"fault": "repeating_meter", "times": times})
    values = [w for _, w in said()]
    assert [w for _, w in readings] == [values[i - i % times] for i in range(len(values))]


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_a_negative_meter_turns_the_sign_of_a_share(said, share):
    readings = said({"fault": "negative_meter", "share": share})
    assert energy_j(readings, 0, 80) == pytest.approx(
        (1 - 2 * share) * 40 * (LOAD_W + REST_W), abs=40
    )
    assert [abs(w) for _, w in readings] == [w for _, w in said()]
    assert said({"fault": "negative_meter", "share": share}) == readings


@pytest.mark.parametrize("fall_j", [1, 20, 500])
def test_a_backward_meter_loses_what_its_counter_falls_by(said, fall_j):
    readings = said({"fault": "backward_meter", "fall_j": fall_j, "every_s": 25})
    lost_j = energy_j(said(), 0, 80) - energy_j(readings, 0, 80)
    assert lost_j == pytest.approx(3 * fall_j)
    assert (min(w for _, w in readings) < 0) == (fall_j > 0.1 * REST_W)


@pytest.mark.parametrize("mean_s", [0.5, 2, 10])
def test_an_averaging_meter_takes_from_what_was_before(said, mean_s):
    readings = said({"fault": "averaging_meter", "mean_s": mean_s})
    bent_j = energy_j(readings, 30, 40) - 10 * LOAD_W
    assert bent_j == pytest.approx(-(mean_s - 0.1) / 2 * (LOAD_W - REST_W))


def test_a_fault_for_a_time_bends_nothing_before_and_after(said):
    plain = said()
    for name in ("frozen_meter", "lagging_meter", "averaging_meter", "negative_meter"):
        bent = said({"fault": name, "after_s": 25, "for_s": 10})
        differs_s = [b[0] / 1e9 for a, b in zip(plain, bent, strict=True) if a != b]
        assert differs_s, name
        assert 25 <= min(differs_s) <= max(differs_s) < 35, name


@pytest.fixture
def meters(monkeypatch):
    """The meter program's meters of the edge and the cloud, whose boards have come to 4 s."""

    def of(*asked, edge_only=False):
        with two_boards(make_profile(meter_error=False), faults=asked) as boards:
            found = {}
            for role, server in boards.servers.items():
                for name, value in variables(server.root.parent).items():
                    monkeypatch.setenv(name, value)
                if role == "edge" or not edge_only:
                    server.board.load("a", [(1_000_000_000, 1_000_000_000)])
                    server.board.rest_until(4_000_000_000)
                    found[role] = build("board", {})
            yield from _batches(found)

    return of


def _batches(found):
    for role, meter in found.items():
        yield role, meter.identity, [w for _, (w,) in next(iter(meter.readings()))]


def test_swapped_meters_show_each_other_s_host(meters):
    plain = {role: watts for role, _, watts in meters()}
    both = ["swapped_meter", {"fault": "swapped_meter", "host": "cloud"}]
    swapped = {role: (identity, watts) for role, identity, watts in meters(*both)}
    assert swapped["edge"][1] == pytest.approx(plain["cloud"])
    assert swapped["cloud"][1] == pytest.approx(plain["edge"])
    assert swapped["edge"][0] == "test meter, with the fault swapped_meter on edge"


@pytest.mark.parametrize("for_s", [0.5, 1, 2])
def test_a_shared_meter_shows_both_for_its_time(meters, for_s):
    plain = {role: watts for role, _, watts in meters()}
    asked = {"fault": "shared_meter", "for_s": for_s}
    (edge, *_) = [watts for role, _, watts in meters(asked) if role == "edge"]
    joined = [a + b for a, b in zip(plain["edge"], plain["cloud"], strict=True)]
    count = round(for_s * 10)
    assert edge == pytest.approx(joined[:count] + plain["edge"][count:])


def test_another_board_that_stays_behind_is_taken_to_rest(meters):
    found = [w for role, _, w in meters("swapped_meter", edge_only=True) if role == "edge"]
    assert found[0] == pytest.approx([840.0] * 40)

"""Of when each value is, and which are no samples: in a clock that the test moves."""

import itertools
from typing import Any

import pytest

from hosts.core.errors import MeterError, WireError
from hosts.meters._polling import FINE_S, poll
from hosts.meters.base import build
from hosts.wire.readings import Channel, MeterHeader, header_line, read_header
from tests.polling_clock import Clock
from tests.powercap import Powercap

GPU = Channel(domain="gpu", quantity="energy")
WALL = Channel(domain="wall")


class Stepping:
    """A counter that shows each 100 ms, a bit unevenly, what was drawn until then."""

    def __init__(self, *, frozen_from_s: float = 1e9) -> None:
        self.steps_s = [5.03 + 0.1 * i + 0.002 * (i % 3) for i in range(400)]
        self.frozen_from_s, self.asked = frozen_from_s, 0

    @staticmethod
    def drawn_j(until_s: float) -> float:
        """82 W, and 250 W from 10 s on."""
        return 82 * until_s + 168 * max(0.0, until_s - 10)

    def at(self, now_s: float) -> float:
        self.asked += 1
        now_s = min(now_s, self.frozen_from_s)
        return self.drawn_j(max((s for s in self.steps_s if s <= now_s), default=5.0))


def until_it_fails(batches):
    """All readings up to an error, which comes."""
    try:
        for batch in batches:
            yield from batch
    except (MeterError, RuntimeError):  # there are no more
        return
    raise AssertionError


def readings(counter: Stepping, until_s: float, *, updates_s: float | None, period_s: float = 0.1):
    """The readings of a counter up to a time, in s and W."""
    clock = Clock()
    found = []
    for batch in poll(
        [GPU], lambda: [counter.at(clock.at_ns / 1e9)], period_s, clock, updates_s=updates_s
    ):
        found += [(at_ns / 1e9, watts) for at_ns, (watts,) in batch]
        if clock.at_ns / 1e9 > until_s:
            return found
    raise AssertionError


def test_the_edges_of_energy_lie_on_the_counter_s_own_steps():
    counter = Stepping()
    found = readings(counter, 15.0, updates_s=0.1)
    middles_s = [(a + b) / 2 for a, b in itertools.pairwise(counter.steps_s)]
    for (at_s, watts), middle_s in zip(found, middles_s, strict=False):
        assert 0 <= at_s - middle_s < FINE_S + 1e-3
        assert watts == pytest.approx(250 if at_s > 10.1 else 82, rel=0.07) or 9.9 < at_s < 10.1
    assert len(found) > 95
    assert counter.asked < 5 * len(found)  # not without need
    inside = [watts for at_s, watts in found if 5.2 < at_s < 9.9]
    assert sum(inside) / len(inside) == pytest.approx(82, rel=2e-3)


@pytest.mark.parametrize("period_s", [0.02, 0.1, 0.25])
def test_a_counter_that_is_asked_at_any_rate_is_read_when_it_moves(period_s):
    found = readings(Stepping(), 9.0, updates_s=None, period_s=period_s)
    assert all(watts > 0 for _, watts in found)
    late = [watts for at_s, watts in found if at_s > 5.5]
    assert sum(late) / len(late) == pytest.approx(82, rel=0.05)


@pytest.mark.parametrize("updates_s", [0.1, None])
def test_a_counter_that_stands_still_is_a_gap_and_not_0_w(updates_s):
    counter = Stepping(frozen_from_s=8.0)
    clock = Clock()

    def read():
        if clock.at_ns > 12e9:
            raise MeterError("that will do")
        return [counter.at(clock.at_ns / 1e9)]

    found = list(until_it_fails(poll([GPU], read, 0.1, clock, updates_s=updates_s)))
    assert max(at_ns for at_ns, _ in found) < 8e9
    assert counter.asked < 200  # what stands still is not looked at each 5 ms


def powers(values, *, updates_s=None, **late) -> list:
    """The times (from the first asking on) and powers of what is asked once each 0.1 s."""
    clock, given = Clock(), iter(values)
    asking = poll([WALL], lambda: [next(given)], 0.1, clock, updates_s=updates_s, **late)
    return [(round(at_ns / 1e9 - 5.0, 3), watts) for at_ns, (watts,) in until_it_fails(asking)]


def test_a_power_is_stamped_with_the_time_that_it_is_of():
    assert powers([1.0, 2.0]) == [(0.0, 1.0), (0.1, 2.0)]
    assert powers([1.0, 2.0], delay_s=0.3) == [(-0.3, 1.0), (-0.2, 2.0)]
    assert powers([1.0, 2.0], averaging_s=1.0) == [(-0.5, 1.0), (-0.4, 2.0)]
    assert powers([1.0, 2.0], delay_s=0.3, averaging_s=1.0) == [(-0.8, 1.0), (-0.7, 2.0)]


def test_powers_that_repeat_for_longer_than_their_update_period_are_no_samples():
    frozen = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0]
    assert [w for _, w in powers(frozen, updates_s=0.1)] == [1.0, 2.0, 2.0, 3.0]
    assert [w for _, w in powers(frozen)] == frozen  # nothing is known of its updates


def test_one_of_several_powers_that_moves_makes_a_sample():
    given = iter([[1.0, 5.0], [1.0, 5.1], [1.0, 5.0], [1.0, 5.1]])
    board = Channel(domain="board")
    asking = poll([WALL, board], lambda: next(given), 0.1, Clock(), updates_s=0.1)
    assert [next(asking)[0][1] for _ in range(4)] == [(1, 5), (1, 5.1), (1, 5), (1, 5.1)]


def test_a_meter_is_not_asked_faster_than_it_updates(tmp_path):
    tree = Powercap(tmp_path, 10.0)
    meter: Any = build("rapl", {"root": str(tmp_path), "period_s": 0.1})
    meter.clock = Clock(tree.spend)
    assert meter.header("rapl").period_s == 0.1
    meter.updates_s = 0.5
    assert meter.header("rapl").period_s == 0.5


def test_a_header_keeps_what_is_not_stated_apart_from_0():
    header = {"meter": "m", "identity": "i", "channels": (WALL,), "period_s": 0.1, "error_pct": 1.0}
    plain = MeterHeader(**header, emulated=False)
    found = read_header(header_line(plain))
    assert (found.error_range_w, found.averaging_s, found.delay_s, found.late_s) == (
        None,
        None,
        None,
        0,
    )
    told = MeterHeader(**header, emulated=False, error_range_w=0.0, averaging_s=1.0, delay_s=0.25)
    assert read_header(header_line(told)) == told
    assert told.late_s == 0.75
    for name in ("error_range_w", "averaging_s", "delay_s", "max_w"):
        with pytest.raises(WireError, match=f"{name}=-1.0 found; allowed: a number from 0"):
            read_header(header_line(MeterHeader(**header, emulated=False, **{name: -1.0})))

"""Offsets of clocks from exchanges, and times that are brought from one clock to another."""

import numpy as np
import pytest

from dynasplit.core.errors import TestbedError, WindowInvalid
from dynasplit.testbed.clock_offset import (
    Alignment,
    ClockOffset,
    Exchange,
    between,
    check_known,
    offset_of,
)

MS = 1_000_000


def exchanges(ahead_ns: int, there_ms: list[float], back_ms: list[float]) -> list[Exchange]:
    """Exchanges whose ways there and back take so long."""
    found, now_ns = [], 1000 * MS
    for there, back in zip(there_ms, back_ms, strict=True):
        told_ns = now_ns + round(there * MS) + ahead_ns
        answered_ns = now_ns + round((there + back) * MS)
        found.append(Exchange(now_ns, told_ns, answered_ns))
        now_ns = answered_ns + MS
    return found


@pytest.mark.parametrize("ahead_ns", [0, 5_000_123_456_789, -77])
def test_even_ways_give_the_offset_itself(ahead_ns):
    found = offset_of(exchanges(ahead_ns, [1, 2, 1, 3, 1], [1, 2, 1, 3, 1]))
    assert found.ahead_ns == ahead_ns
    assert found.uncertain_ns == MS  # half of the quickest trip


def test_uneven_ways_are_within_the_uncertainty():
    random = np.random.default_rng(1)
    for _ in range(200):
        count = int(random.integers(5, 12))
        ahead_ns = int(random.integers(-(10**15), 10**15))
        ways = random.exponential(2.0, (2, count))
        found = offset_of(exchanges(ahead_ns, list(ways[0]), list(ways[1])))
        assert abs(found.ahead_ns - ahead_ns) <= found.uncertain_ns + 2  # and rounding


def test_one_late_answer_moves_nothing():
    ways = [1.0] * 6
    found = offset_of(exchanges(0, ways, [*ways[:5], 900.0]))
    assert (found.ahead_ns, found.uncertain_ns) == (0, MS)


def test_a_clock_that_is_set_meanwhile_leaves_all_open():
    before, after = exchanges(0, [1] * 3, [1] * 3), exchanges(500 * MS, [1] * 3, [1] * 3)
    assert offset_of([*before, *after]).uncertain_ns >= 250 * MS


@pytest.mark.parametrize(
    "strange",
    [exchanges(0, [1] * 4, [1] * 4), [*exchanges(0, [1] * 5, [1] * 5), Exchange(9, 9, 8)]],
)
def test_too_few_exchanges_and_answers_before_their_questions_are_refused(strange):
    with pytest.raises(TestbedError, match="at least 5, each answered after it was asked"):
        offset_of(strange)


def test_the_offset_between_two_machines_is_the_difference_of_theirs():
    host, meter = ClockOffset(5000, 3, 100), ClockOffset(-200, 4, 110)
    assert between(host, meter) == ClockOffset(5200, 7, -90)


def test_times_are_brought_and_taken_back_while_the_offset_moves_evenly():
    aligned = Alignment(ClockOffset(5_000_000_000_000, 10, 1_000_000_000))
    aligned.add(ClockOffset(5_000_000_001_000, 20, 3_000_000_000))
    times_ns = np.asarray([0, 1_000_000_000, 2_000_000_000, 9_000_000_000], dtype=np.int64)
    brought_ns = aligned.brought_ns(times_ns)
    assert list(brought_ns - times_ns - 5_000_000_000_000) == [0, 0, 500, 1000]
    assert [aligned.back_ns(int(at)) for at in brought_ns] == list(times_ns)


def test_the_uncertainty_is_that_of_the_offsets_around_and_their_difference():
    aligned = Alignment(ClockOffset(0, 10, 100))
    aligned.add(ClockOffset(5, 20, 200))
    aligned.add(ClockOffset(905, 10, 300))
    assert aligned.uncertain_ns(120, 180) == 20 + 5
    assert aligned.uncertain_ns(120, 250) == 20 + 905
    assert aligned.uncertain_ns(310, 320) == 10
    assert aligned.uncertain_ns(0, 90) == 10


def test_an_offset_that_is_not_known_closely_enough_is_refused_in_words():
    check_known(10 * MS, "edge and controller")
    with pytest.raises(WindowInvalid, match=r"clocks of edge and .* to 10\.1 ms; at most 10 ms is"):
        check_known(round(10.1 * MS), "edge and controller")


def test_of_many_offsets_the_newest_are_kept():
    aligned = Alignment(ClockOffset(0, 1, 0))
    for at_ns in range(1, 5000):
        aligned.add(ClockOffset(at_ns, 1, at_ns))
    assert aligned.last == ClockOffset(4999, 1, 4999)
    assert aligned.back_ns(4990 + 4990) == 4990

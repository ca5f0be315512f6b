"""Loops and loads of emulated boards, in board time."""

import msgspec
import pytest

from hosts.agents.open_machine import open_machine
from hosts.emulation.board import CloudBoard, EdgeBoard
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile

QUICK = msgspec.structs.replace(load_profile("quick"), noise=Noise())


def seconds(board, run, mhz):
    board.cpu_mhz = mhz
    start_ns, end_ns = board.compute(run, 1_000_000)
    return (end_ns - start_ns) / 1e9


def test_a_loop_takes_its_time_by_the_frequency():
    board = EdgeBoard(QUICK, 0)
    assert seconds(board, "a", 600) == pytest.approx(3 * seconds(board, "b", 1800))


@pytest.mark.parametrize(
    "board", [EdgeBoard(QUICK, 0), CloudBoard(QUICK, 0)], ids=["edge", "cloud"]
)
def test_a_load_draws_more_in_its_turns_and_not_between(board):
    (first, second) = board.load("a", [(10**9, 10**9), (2 * 10**9, 5 * 10**8), (10**9, 0)])
    assert second[0] - first[1] == 2 * 10**9
    mean_w = board.history.mean_w
    assert mean_w(*first) == pytest.approx(board.busy_w)
    assert mean_w(first[1], second[0]) == pytest.approx(board.resting_w)
    assert board.busy_w > 1.1 * board.resting_w
    assert board.history.now_ns == second[1] + 10**9


def test_an_agents_loop_load_and_link_are_in_board_time(board_host):
    machine = open_machine()
    start_ns, end_ns = machine.loop("run", 10**9)
    assert end_ns - start_ns > 10**10
    (span,) = machine.load("load", [(1.0, 2.5)])
    assert span[1] - span[0] == 2_500_000_000
    sent = []
    assert machine.link_s(1024 * 1024, lambda: sent.append(1)) == pytest.approx(0.0165, rel=0.01)
    assert sent == [1]

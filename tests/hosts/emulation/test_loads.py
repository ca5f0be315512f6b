"""Loops and loads of emulated boards, in board time; meters and boards with a fault of tests."""

import json

import msgspec
import pytest

from hosts.agents.open_machine import open_machine
from hosts.core.errors import MeterError
from hosts.emulation.board import CloudBoard, EdgeBoard
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile
from hosts.meters.base import build
from tests.boards import two_boards, variables

QUICK = msgspec.structs.replace(load_profile("quick"), noise=Noise())


def seconds(board, run, mhz):
    board.cpu_mhz = mhz
    start_ns, end_ns = board.compute(run, 1_000_000)
    return (end_ns - start_ns) / 1e9


def lying(mhz):
    return msgspec.structs.replace(QUICK, edge=msgspec.structs.replace(QUICK.edge, lying_mhz=mhz))


def test_a_loop_takes_its_time_by_the_frequency():
    board = EdgeBoard(QUICK, 0)
    assert seconds(board, "a", 600) == pytest.approx(3 * seconds(board, "b", 1800))


def test_a_lying_board_computes_and_draws_as_at_one_frequency():
    board = EdgeBoard(lying(1400), 0)
    assert seconds(board, "a", 600) == pytest.approx(seconds(board, "b", 1800))
    honest = EdgeBoard(QUICK, 0)
    honest.cpu_mhz = 1400
    lies, says = board.head("digits_cnn", 3, 0), honest.head("digits_cnn", 3, 0)
    assert lies[1] - lies[0] == says[1] - says[0]
    assert board.resting_w == pytest.approx(honest.resting_w)


def test_a_profile_without_a_fault_is_written_as_before():
    assert "lying_mhz" not in json.loads(msgspec.json.encode(load_profile("quick")))["edge"]


@pytest.mark.parametrize("board", [EdgeBoard(QUICK, 0), CloudBoard(QUICK, 0)], ids=str)
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


@pytest.fixture
def edge_meter(monkeypatch):
    """Builds the meter of the edge of two boards; the boards have come to 3 s."""
    with two_boards(QUICK) as boards:
        for name, value in variables(boards.servers["edge"].root.parent).items():
            monkeypatch.setenv(name, value)
        for server in boards.servers.values():
            server.board.load("a", [(1_000_000_000, 1_000_000_000), (1_000_000_000, 0)])
        yield lambda **options: build("board", options)


def first_batch(meter):
    return next(iter(meter.readings()))


def test_each_fault_shows_in_the_readings_and_in_the_identity(edge_meter):
    plain = first_batch(edge_meter())
    frozen = edge_meter(fault="frozen")
    assert frozen.identity.endswith("with the fault frozen")
    assert {watts for _, watts in first_batch(frozen)} == {plain[0][1]}
    late = edge_meter(fault="lagging", lag_s=0.5)
    assert late.identity.endswith("with the fault lagging by 0.5 s")
    assert first_batch(late) == [(at_ns + 500_000_000, watts) for at_ns, watts in plain]
    elsewhere = first_batch(edge_meter(fault="swapped"))
    assert elsewhere[0][1][0] > 100
    shared = first_batch(edge_meter(fault="shared"))
    assert shared[-1][1][0] == pytest.approx(plain[-1][1][0] + elsewhere[-1][1][0], rel=0.01)


def test_another_fault_is_refused(edge_meter):
    with pytest.raises(MeterError, match="fault=broken; allowed: frozen, lagging, swapped, shared"):
        edge_meter(fault="broken")

"""One state per board: time, power and settings agree with the profile and with each other."""

import pytest

from hosts.core.errors import BoardError
from hosts.emulation.board import CloudBoard, EdgeBoard
from hosts.emulation.clock import PowerHistory
from hosts.emulation.meter import BoardMeter


def test_a_head_takes_a_over_f_plus_b(profile):
    board = EdgeBoard(profile, seed=0)
    board.switch_port(False)
    board.cpu_mhz = 1800.0
    start_ns, end_ns = board.head("net", 1, request=0)
    assert (end_ns - start_ns) / 1e6 == pytest.approx(180.0 / 1.8 + 20.0)
    assert board.history.exact_j(start_ns, end_ns) == pytest.approx(
        (3.0 + 1.8) * (end_ns - start_ns) / 1e9
    )


def test_waiting_draws_the_waiting_power_of_the_mode(profile):
    board = EdgeBoard(profile, seed=0)
    board.open_accelerator("max")
    start_ns = board.history.now_ns
    board.rest_until(start_ns + 500_000_000)
    expected_w = 4.0 + 0.5 * board.cpu_mhz / 1000
    assert board.history.exact_j(start_ns, board.history.now_ns) == pytest.approx(expected_w / 2)


def test_a_tail_waits_for_its_tensor_and_draws_the_gpu_s_power(profile):
    board = CloudBoard(profile, seed=0)
    start_ns, end_ns = board.tail("net", 0, True, request=0, arrives_ns=1_000_000_000)
    assert start_ns == 1_000_000_000
    assert end_ns - start_ns == 70_000_000
    assert board.history.exact_j(0, end_ns) == pytest.approx(840.0 + 904.0 * 0.07)


def test_the_accelerator_needs_power_on_its_port(profile):
    board = EdgeBoard(profile, seed=0)
    board.switch_port(False)
    with pytest.raises(BoardError, match="USB port has no power"):
        board.open_accelerator("max")


def test_an_unknown_mode_names_the_allowed_ones(profile):
    with pytest.raises(BoardError, match="allowed: off, std, max"):
        EdgeBoard(profile, seed=0).open_accelerator("turbo")


def test_noise_depends_on_the_run_alone_not_on_what_ran_before(noisy_profile):
    def measure(*before: str) -> tuple[int, list[float]]:
        board = EdgeBoard(noisy_profile, seed=3)
        meter = BoardMeter(board, noisy_profile.edge.meter, "edge")
        for run in (*before, "this run"):
            start_ns = board.begin(run)
            for request in range(30):
                _, end_ns = board.head("net", 1, request)
        first = start_ns // 100_000_000
        return end_ns - start_ns, [watts for _, watts in meter.readings(first)]

    assert measure() == measure("another run", "a third")


def test_two_runs_differ_and_another_seed_differs(noisy_profile):
    durations = set()
    for seed, run in ((0, "a"), (0, "b"), (1, "a")):
        board = EdgeBoard(noisy_profile, seed=seed)
        board.begin(run)
        durations.add(board.head("net", 1, 0)[1] - board.runs[-1][0])
    assert len(durations) == 3


def test_a_run_begins_at_a_whole_second(profile):
    board = EdgeBoard(profile, seed=0)
    board.rest_until(1_234_567_890)
    assert board.begin("run") == 2_000_000_000 == board.history.now_ns


def test_readings_are_means_over_their_period_stamped_at_its_middle(profile):
    board = CloudBoard(profile, seed=0)
    board.tail("net", 0, True, request=0, arrives_ns=50_000_000)
    board.rest_until(300_000_000)
    meter = BoardMeter(board, profile.cloud.meter, "cloud")
    readings = meter.readings(0)
    assert [t for t, _ in readings] == [50_000_000, 150_000_000, 250_000_000]
    assert readings[0][1] == pytest.approx((840 + 904) / 2, rel=0.005)
    assert readings[1][1] == pytest.approx(840 + 64 * 0.2, rel=0.005)
    assert readings[2][1] == pytest.approx(840, rel=0.005)


def test_the_meter_s_gain_is_fixed_and_within_its_bound(noisy_profile):
    board = CloudBoard(noisy_profile, seed=5)
    board.rest_until(200_000_000_000)
    readings = BoardMeter(board, noisy_profile.cloud.meter, "cloud").readings(0)
    mean = sum(w for _, w in readings) / len(readings)
    assert len(readings) == 2000
    assert abs(mean / 840 - 1) <= 0.0011
    assert len({round(w, 6) for _, w in readings}) > 1000


def test_the_integral_is_refused_beyond_board_time():
    history = PowerHistory()
    history.spend(10, 1.0)
    with pytest.raises(ValueError, match="board time is 10 ns"):
        history.exact_j(0, 11)

"""By how much faults of frequency, load and link bend times and energies of a board's work."""

import pytest

from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.asked_faults import built
from hosts.emulation.board import CloudBoard, EdgeBoard
from hosts.emulation.sysfs import FLAGS, POLICY, EdgeTree
from tests.hosts.emulation.conftest import make_profile

S = 1_000_000_000


def edge_of(*asked, seed=0):
    board = EdgeBoard(make_profile(), seed, ActingFaults(built(asked, "edge", seed)))
    board.switch_port(False)
    return board


def cloud_of(*asked):
    asked = [{"host": "cloud", **one} for one in asked]
    return CloudBoard(make_profile(), 0, ActingFaults(built(asked, "cloud", 0)))


@pytest.fixture
def tree(tmp_path):
    """An edge board with its files, under `userspace` at 600 MHz, at 1 s."""

    def of(*asked):
        made = EdgeTree(tmp_path, edge_of(*asked))
        put(made, scaling_governor="userspace")
        put(made, scaling_setspeed=600_000)
        made.board.rest_until(S)
        return made

    return of


def put(tree, **written):
    for name, text in written.items():
        (tree.root / POLICY / name).write_text(str(text))
        assert tree.settle() == []


def cur_mhz(tree):
    tree.settle()
    return int((tree.root / POLICY / "scaling_cur_freq").read_text()) / 1000


def head_s(board, split_point=2):
    start_ns, end_ns = board.head("net", split_point, 0)
    return (end_ns - start_ns) / S


def head_at_s(mhz):
    return (900 / (mhz / 1000) + 40) / 1000


ACTING = {"after_s": 1}


def test_an_ignored_frequency_stays_and_the_files_say_so(tree):
    made = tree({"fault": "ignored_frequency", **ACTING})
    for mhz in (1200, 1800, 600):
        put(made, scaling_setspeed=1000 * mhz)
        assert cur_mhz(made) == 600
        assert head_s(made.board) == pytest.approx(head_at_s(600))


def test_a_write_from_before_an_ignored_frequency_counts(tree):
    made = tree({"fault": "ignored_frequency", "after_s": 5})
    put(made, scaling_setspeed=1_800_000)
    made.board.rest_until(6 * S)
    assert (cur_mhz(made), head_s(made.board)) == (1800, pytest.approx(head_at_s(1800)))


@pytest.mark.parametrize("back_s", [0.5, 3, 30])
def test_a_reverting_frequency_goes_back_by_itself(tree, back_s):
    made = tree({"fault": "reverting_frequency", "back_s": back_s, **ACTING})
    put(made, scaling_setspeed=1_800_000)
    at_ns = made.board.history.now_ns  # the write took 150 ms
    assert cur_mhz(made) == 1800
    made.board.rest_until(at_ns + 40 * S)
    assert (cur_mhz(made), head_s(made.board)) == (600, pytest.approx(head_at_s(600)))
    spent_j = made.board.history.exact_j(at_ns, at_ns + 40 * S)
    fast_s = back_s - 0.15
    assert spent_j == pytest.approx(2.9 * fast_s + 2.3 * (40 - fast_s))


@pytest.mark.parametrize("late_s", [0.5, 3, 30])
def test_a_lagging_frequency_is_told_before_it_is_there(tree, late_s):
    made = tree({"fault": "lagging_frequency", "late_s": late_s, **ACTING})
    put(made, scaling_setspeed=1_800_000)
    at_ns = made.board.history.now_ns
    assert cur_mhz(made) == 1800
    assert head_s(made.board) == pytest.approx(head_at_s(600))
    made.board.rest_until(at_ns + 40 * S)
    assert head_s(made.board) == pytest.approx(head_at_s(1800))


@pytest.mark.parametrize("mhz", [700, 1400, 2400])
def test_a_lying_frequency_shows_what_was_set_and_computes_at_another(tree, mhz):
    made = tree({"fault": "lying_frequency", "mhz": mhz})
    for asked in (1200, 1800):
        put(made, scaling_setspeed=1000 * asked)
        assert cur_mhz(made) == asked
        assert head_s(made.board) == pytest.approx(head_at_s(mhz))
        assert made.board.resting_w == pytest.approx(2 + 0.5 * mhz / 1000)


def test_a_lying_frequency_keeps_the_one_that_it_had(tree):
    made = tree({"fault": "lying_frequency", **ACTING})
    put(made, scaling_setspeed=1_200_000)
    put(made, scaling_setspeed=1_800_000)
    assert (cur_mhz(made), head_s(made.board)) == (1800, pytest.approx(head_at_s(600)))


@pytest.mark.parametrize("load_s", [0, 2, 10])
def test_throttling_slows_after_a_load_and_shows_its_flags(tree, load_s):
    made = tree({"fault": "throttling", "mhz": 1000, "load_s": load_s, **ACTING})
    put(made, scaling_setspeed=1_800_000)
    board, fast_s, slow_s = made.board, head_at_s(1800), head_at_s(1000)
    times_s = [head_s(board) for _ in range(30)]
    fast = sum(t == pytest.approx(fast_s) for t in times_s)
    assert fast == -(-load_s // fast_s)
    assert times_s[fast:] == [pytest.approx(slow_s)] * (30 - fast)
    assert cur_mhz(made) == 1000
    assert (made.root / FLAGS).read_text().strip() == "60006"
    board.rest_until(board.history.now_ns + 21 * S)  # a quarter of it is more than half the load
    assert cur_mhz(made) == (1800 if load_s else 1000)
    assert (made.root / FLAGS).read_text().strip() == ("60000" if load_s else "60006")


@pytest.mark.parametrize("mhz", [600, 1000, 1500])
def test_a_long_load_is_throttled_in_its_midst(mhz):
    board = edge_of({"fault": "throttling", "mhz": mhz, "load_s": 4})
    board.cpu_mhz = 1800.0
    ((start_ns, end_ns),) = board.load("r", [(0, 10 * S)])
    watts = [(3 + f / 1000) for f in (1800, mhz)]
    expected_j = 4 * watts[0] + 6 * watts[1]
    assert board.history.exact_j(start_ns, end_ns) == pytest.approx(expected_j)


def test_without_the_fault_there_are_no_flags(tree):
    assert not (tree().root / FLAGS).exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_other_load_slows_work_and_draws_power(share):
    asked = {"fault": "other_load", "share": share, "load_w": 7}
    for board, work in (
        (edge_of(asked), lambda b: b.head("net", 2, 0)),
        (cloud_of(asked), lambda b: b.tail("net", 1, False, 0, arrives_ns=5 * S)),
    ):
        plain = EdgeBoard(make_profile(), 0) if isinstance(board, EdgeBoard) else cloud_of()
        if isinstance(plain, EdgeBoard):
            plain.switch_port(False)
        (start_ns, end_ns), (alone_ns, alone_end_ns) = work(board), work(plain)
        assert end_ns - start_ns == pytest.approx((alone_end_ns - alone_ns) / (1 - share), abs=1)
        more_w = board.history.mean_w(start_ns, end_ns) - plain.history.mean_w(
            alone_ns, alone_end_ns
        )
        assert more_w == pytest.approx(7)


@pytest.mark.parametrize("for_s", [0.2, 0.5, 1.0])
def test_other_load_for_a_time_slows_what_falls_into_it(for_s):
    board = edge_of({"fault": "other_load", "share": 0.5, "after_s": 0.1, "for_s": for_s})
    taken_s = head_s(board)  # 1.54 s alone, at 600 MHz
    assert taken_s == pytest.approx(head_at_s(600) + for_s / 2)
    spent_j = board.history.exact_j(0, board.history.now_ns)
    assert spent_j == pytest.approx(3.6 * taken_s + 1.0 * for_s)


@pytest.mark.parametrize("load_w", [1, 20, 300])
def test_a_loaded_baseline_overstates_idle_power_and_nothing_else(load_w):
    board, plain = cloud_of({"fault": "loaded_baseline", "load_w": load_w}), cloud_of()
    assert board.history.mean_w(*board.idle("baseline", 10 * S)) == pytest.approx(840 + load_w)
    board.rest_until(20 * S)
    assert board.history.exact_j(10 * S, 20 * S) == pytest.approx(8400)
    spans = [b.tail("net", 1, True, 0, arrives_ns=21 * S) for b in (board, plain)]
    assert spans[0] == spans[1]


@pytest.mark.parametrize(("share", "times"), [(0.05, 3), (0.2, 10), (1.0, 100)])
def test_transfer_outliers_are_a_share_of_the_transfers(share, times):
    def transfers_s(board):
        taken = []
        for request in range(400):
            arrives_ns = board.send("net", 1, request)
            taken.append((arrives_ns - board.history.now_ns) / S)
            board.rest_until(arrives_ns)
        return taken

    asked = {"fault": "transfer_outliers", "share": share, "times": times}
    found = transfers_s(edge_of(asked))
    slow = [t for t in found if t != pytest.approx(0.004)]
    assert len(slow) / 400 == pytest.approx(share, abs=0.04)
    assert slow == [pytest.approx(0.004 * times)] * len(slow)
    assert transfers_s(edge_of(asked)) == found
    assert share == 1 or transfers_s(edge_of(asked, seed=1)) != found


@pytest.mark.parametrize("rate_share", [0.5, 0.1, 0.01])
def test_a_slow_link_stretches_what_depends_on_size(rate_share):
    board = edge_of({"fault": "slow_link", "rate_share": rate_share, "after_s": 1})
    assert board.send("net", 1, 0) == 4_000_000
    board.rest_until(2 * S)
    assert board.send("net", 1, 1) - 2 * S == pytest.approx((2 + 2 / rate_share) * 1e6)

"""A profile that is like another one but for its cloud, of which the GPU's board was measured."""

import msgspec
import pytest

from hosts.core.errors import BoardError
from hosts.emulation.board import CloudBoard
from hosts.emulation.profile import load_profile, save_profile
from hosts.emulation.tails import Tails
from hosts.knobs.base import describe

TAILS = Tails(4, {0: (2.0, 0.4), 2: (1.0, 0.1)}, {8: (4.0, 1.2), 32: (10.0, 4.8)})


@pytest.fixture(scope="module")
def h200():
    return load_profile("pi4_coral_h200")


def test_tails_between_measured_split_points_are_linear_and_named():
    assert TAILS.call(1) == pytest.approx((1.5, 0.25))
    assert TAILS.call(3) == (1.0, 0.1)
    assert TAILS.interpolated == (1, 3)


@pytest.mark.parametrize(
    ("size", "ms", "joules"), [(1, 2, 0.4), (8, 4, 1.2), (20, 7, 3.0), (32, 10, 4.8), (56, 16, 8.4)]
)
def test_batches_are_as_measured_linear_between_and_beyond(size, ms, joules):
    longer, more = TAILS.factors(size)
    assert (2.0 * longer, 0.4 * more) == (pytest.approx(ms), pytest.approx(joules))


@pytest.mark.parametrize(
    "calls", [{1: (1.0, 1.0), 2: (1.0, 1.0)}, {0: (1.0, 1.0), 4: (1.0, 1.0)}, {0: (1.0, 0.0)}]
)
def test_tails_that_cannot_be_are_refused(calls):
    with pytest.raises(ValueError, match="tails at split points"):
        Tails(4, calls)
    with pytest.raises(ValueError, match="above 0"):
        Tails(4, {0: (1.0, 0.0), 2: (1.0, 1.0)})


def test_edge_and_link_are_the_published_ones_and_the_cloud_is_not(h200):
    v100 = load_profile("pi4_coral_v100")
    assert (h200.edge, h200.link, h200.noise) == (v100.edge, v100.link, v100.noise)
    for k in range(23):
        row, was = (p.split("vgg16", k) for p in (h200, v100))
        assert (row.edge, row.tensor_kb, row.cloud_cpu_ms) == (was.edge, was.tensor_kb, None)
    assert h200.cloud_ms("vgg16", 0, gpu=True) == pytest.approx(1.1923)
    assert h200.cloud_energy_j("vgg16", 0, gpu=True) == pytest.approx(0.31045)
    assert h200.cloud_energy_j("vgg16", 17, gpu=True) == pytest.approx(0.13859)
    assert h200.cloud.power_w(False, True) == 121
    assert sorted(h200.tails) == ["mobilenet_v2", "resnet50", "vgg16", "vit_b16"]


def test_a_batch_of_the_whole_network_has_the_measured_time_and_energy(h200):
    ms, watts = h200.cloud_ms("vgg16", 0, True, 32), h200.tail_w("vgg16", 0, True, 32)
    assert (ms, watts * ms / 1000) == (pytest.approx(6.3183), pytest.approx(3.25973))
    assert load_profile("quick").cloud_ms("digits_cnn", 0, True, 4) == 4 * 16.0


def test_the_rest_of_the_node_draws_at_all_times(h200):
    more = msgspec.structs.replace(h200, cloud=msgspec.structs.replace(h200.cloud, rest_w=300.0))
    for active, gpu in ((False, False), (True, False), (True, True)):
        assert more.cloud.power_w(active, gpu) == h200.cloud.power_w(active, gpu) + 300
    assert more.tail_w("vgg16", 5, True) == pytest.approx(h200.tail_w("vgg16", 5, True) + 300)
    board = CloudBoard(more, seed=0)
    board.tail("vgg16", 0, True, 0, 0)
    drawn_j = board.drawn_j(0, board.history.now_ns)
    assert drawn_j == pytest.approx(0.31045 + 0.3 * 1.1923, rel=0.1)  # noise of requests


def test_tails_run_on_the_gpu_alone(h200):
    assert describe("cloud_gpu").of_profile(h200, "vgg16") == (True,)
    with pytest.raises(BoardError, match="no tail of vgg16 at 3 on the cloud's CPU"):
        h200.cloud_ms("vgg16", 3, gpu=False)


def test_the_whole_profile_survives_its_file(h200, tmp_path):
    save_profile(h200, tmp_path / "whole.yaml")
    assert load_profile(str(tmp_path / "whole.yaml")) == h200


def test_a_profile_is_like_one_that_stands_by_itself(tmp_path, h200):
    text = (describe_file := tmp_path / "other.yaml").write_text(
        "name: x\nlike: pi4_coral_h200\nsource: x\nmade_up: true\nassumed: []\ntails: {}\n"
        f"cloud: {msgspec.json.encode(h200.cloud).decode()}\n"
    )
    assert text
    with pytest.raises(BoardError, match="which is like pi4_coral_v100; allowed: like one that"):
        load_profile(str(describe_file))

"""The emulated sysfs tree answers writes as a kernel would."""

import pytest

from hosts.emulation.board import EdgeBoard
from hosts.emulation.sysfs import POLICY, PORT, EdgeTree


@pytest.fixture
def tree(profile, tmp_path) -> EdgeTree:
    return EdgeTree(tmp_path, EdgeBoard(profile, seed=0))


def put(tree: EdgeTree, name: str, text: str) -> list[str]:
    (tree.root / POLICY / name).write_text(text)
    return tree.settle()


def shown(tree: EdgeTree, name: str) -> str:
    return (tree.root / POLICY / name).read_text().strip()


def test_setspeed_works_under_userspace_and_the_current_frequency_follows(tree):
    assert put(tree, "scaling_governor", "userspace") == []
    before_ns = tree.board.history.now_ns
    assert put(tree, "scaling_setspeed", "1200000") == []
    assert shown(tree, "scaling_cur_freq") == "1200000"
    assert tree.board.cpu_mhz == 1200
    assert tree.board.history.now_ns - before_ns == 150_000_000


def test_setspeed_is_refused_under_another_governor(tree):
    refused = put(tree, "scaling_setspeed", "1200000")
    assert "not userspace" in refused[0]
    assert shown(tree, "scaling_setspeed") == "<unsupported>"


def test_an_unknown_governor_is_refused_and_put_back(tree):
    refused = put(tree, "scaling_governor", "warp")
    assert "allowed: ondemand, performance, powersave, userspace" in refused[0]
    assert shown(tree, "scaling_governor") == "ondemand"


def test_limits_must_not_cross(tree):
    put(tree, "scaling_governor", "performance")
    assert put(tree, "scaling_max_freq", "1200000") == []
    assert shown(tree, "scaling_cur_freq") == "1200000"
    assert "above scaling_max_freq" in put(tree, "scaling_min_freq", "1800000")[0]
    assert shown(tree, "scaling_min_freq") == "600000"


def test_a_read_only_file_is_put_back(tree):
    assert "read-only" in put(tree, "scaling_driver", "mine")[0]
    assert shown(tree, "scaling_driver") == "cpufreq-dt"


def test_the_port_switches_the_accelerator(tree):
    (tree.root / PORT / "disable").write_text("1")
    assert tree.settle() == []
    assert (tree.board.port_on, tree.board.mode) == (False, "off")
    (tree.root / PORT / "disable").write_text("2")
    assert "allowed: 0, 1" in tree.settle()[0]
    assert (tree.root / PORT / "disable").read_text().strip() == "1"

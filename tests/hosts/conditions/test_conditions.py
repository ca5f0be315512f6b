"""What is observed around windows, and what is not known."""

import os
import sys

import pytest

import hosts.conditions
from hosts.agents.open_machine import open_machine
from hosts.conditions.base import (
    Condition,
    conditions,
    conditions_of_run,
    in_order,
    read_conditions,
)
from hosts.conditions.throttled_flags import ThrottledFlags
from hosts.core.errors import ExtensionError
from hosts.machine.real import RealMachine
from hosts.wire.messages import Inference, RunReport
from tests.hosts.trees import RealOnTree, vcgencmd


def zone(root, number, kind, text):
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(kind)
    if text is not None:
        (folder / "temp").write_text(text)


def test_there_are_four():
    four = ["bandwidth_mbit_s", "load_pct", "temperature_c", "throttled_flags"]
    assert list(conditions()) == four


def test_the_temperature_is_the_hottest_zones(tmp_path):
    machine = RealOnTree(tmp_path)
    zone(tmp_path, 0, "cpu-thermal", "51000")
    zone(tmp_path, 1, "x86_pkg_temp", "52500")
    assert read_conditions(machine, "edge")["edge_temperature_c"] == 52.5


def test_a_zone_that_cannot_be_read_costs_no_measurement(tmp_path):
    zone(tmp_path, 0, "cpu", "warm")
    assert "edge_temperature_c" not in read_conditions(RealOnTree(tmp_path), "edge")


def test_a_real_machine_knows_its_load():
    assert read_conditions(RealMachine(), "edge")["edge_load_pct"] >= 0


def test_a_board_tells_nothing_of_the_machine_below_it(board_host):
    assert read_conditions(open_machine(), "edge") == {}


def test_throttling_that_came_and_went_in_a_window_is_seen(tmp_path, monkeypatch):
    vcgencmd(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(ThrottledFlags, "_before", None)
    seen = []
    for said in ("0x10000", "0x10000", "0x50000", "0x50002", "nothing", "0x70000"):
        (tmp_path / "bin/get_throttled").write_text(f"throttled={said}\n")
        seen.append(read_conditions(RealMachine(), "edge").get("edge_throttled_flags"))
    assert seen == [0, 0, 4, 2, None, 2]


def report(mode="latency", batch_size=1, split=True):
    """Two inferences of a window: 1 MB in 10 ms of 40 between encoding and result."""
    ms = 1_000_000
    times = {"encoded_ns": 5 * ms, "decode_start_ns": 100 * ms, "sent_bytes": 1_000_000}
    one = Inference(0, 0, 4 * ms, 45 * ms, 103 * ms, 130 * ms, 1, **times)
    if not split:
        one = Inference(0, 0, 4 * ms, 4 * ms, None, None, 1)
    return RunReport(
        inferences=[one] * 4, first=0, last=4, tensor_bytes=1, mode=mode, batch_size=batch_size
    )


def test_bandwidth_is_bytes_by_the_time_that_no_computing_took():
    assert conditions_of_run(report()) == {"link_bandwidth_mbit_s": pytest.approx(800.0)}
    assert conditions_of_run(report(batch_size=2)) == conditions_of_run(report())


@pytest.mark.parametrize("window", [report("throughput"), report(split=False)])
def test_bandwidth_is_not_known_where_transfers_wait_or_nothing_is_sent(window):
    assert conditions_of_run(window) == {}


def test_keys_come_by_host():
    assert in_order(["link_a", "cloud_b", "edge_c", "cloud_a"]) == [
        *("edge_c", "cloud_a", "cloud_b", "link_a")
    ]


def test_a_file_that_says_too_little_is_refused(tmp_path, monkeypatch):
    text = "from hosts.conditions.base import Condition\nclass Toy(Condition):\n    name = 'toy'\n"
    (tmp_path / "toy.py").write_text(text + "    where = 'moon'\n")
    path = [*hosts.conditions.__path__, str(tmp_path)]
    monkeypatch.setattr(hosts.conditions, "__path__", path)
    monkeypatch.delitem(sys.modules, "hosts.conditions.toy", raising=False)
    conditions.cache_clear()
    with pytest.raises(ExtensionError, match="where = moon; allowed: edge, cloud, hosts, link"):
        conditions()
    conditions.cache_clear()


@pytest.mark.parametrize("found", [None, float("nan"), float("inf"), "41.5", [], 1 / 3])
def test_an_observer_that_fails_or_says_no_number_costs_no_measurement(monkeypatch, found):
    class Toy(Condition):
        name, where, meaning = "toy", "edge", "a toy"

        def read(self, machine):
            return found if found is not None else 1 / 0

    monkeypatch.setattr("hosts.conditions.base.conditions", lambda: {"toy": Toy})
    expected = {"edge_toy": found} if found == 1 / 3 else {}
    assert read_conditions(RealMachine(), "edge") == expected

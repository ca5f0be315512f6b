"""The meter that is none: CPU time times watts, with where the watts are from."""

from types import SimpleNamespace
from typing import Any

import pytest

from hosts.core.errors import MeterError
from hosts.meters import nvml
from hosts.meters.base import build
from tests.polling_clock import Clock


def stat(*busy_ticks: int) -> str:
    return "".join(f"cpu{i} {t} 0 0 100 0 0 0 0 0 0\n" for i, t in enumerate(busy_ticks))


@pytest.fixture
def machine(tmp_path):
    """A machine of two CPUs, and its meter with options."""
    file = tmp_path / "proc/stat"
    file.parent.mkdir()
    file.write_text(stat(0, 0))

    def made(**options):
        meter: Any = build("estimate", {"root": str(tmp_path), **options})
        meter.clock = Clock()
        return meter

    def after(meter, seconds: float, *busy_ticks: int):
        meter.read()
        meter.clock.sleep(seconds)
        file.write_text(stat(*busy_ticks))
        return meter.read()

    return SimpleNamespace(made=made, after=after)


def test_busy_cpus_add_to_idle_power(machine):
    meter = machine.made(core_w=10.0, idle_w=3.0, source="a wall meter in May")
    assert machine.after(meter, 2.0, 200, 100) == [pytest.approx(3 + 15, rel=1e-3)]
    assert meter.identity == (
        "estimate: 3 W idle and 10 W a busy CPU, of CPU 0, 1 (watts: a wall meter in May)"
    )
    assert meter.header("estimate").estimated


def test_the_first_reading_is_none_and_never_zero(machine):
    assert machine.made().read() == [None]


def test_of_chosen_cpus_alone(machine):
    meter = machine.made(core_w=10.0, idle_w=0, cpus="1")
    assert machine.after(meter, 1.0, 100, 50) == [pytest.approx(5, rel=1e-3)]


def test_watts_that_nobody_states_are_averages_and_say_so(machine):
    meter = machine.made()
    assert machine.after(meter, 1.0, 100, 100) == [pytest.approx(7.0, rel=1e-3)]
    assert "1.48 W idle and 2.76 W a busy CPU" in meter.identity
    assert "averages of servers" in meter.identity


def test_a_profile_s_board_states_them(machine):
    meter = machine.made(profile="pi4_coral_v100.edge")
    idle_w, busy_w = 2.51 + 0.47 * 1.8, 2.30 + 1.10 * 1.8
    assert machine.after(meter, 1.0, 0, 0) == [pytest.approx(idle_w, rel=1e-3)]
    assert machine.after(meter, 1.0, 100, 100) == [pytest.approx(busy_w, rel=1e-3)]
    assert "profile pi4_coral_v100.edge" in meter.identity


def test_more_than_all_cpus_is_never_busy(machine):
    meter = machine.made(core_w=10.0, idle_w=1.0)
    assert machine.after(meter, 1.0, 900, 900) == [21.0]


def test_a_gpu_by_its_utilisation(machine, monkeypatch):
    fake = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=25),
    )
    monkeypatch.setattr(nvml, "opened", lambda: fake)
    meter = machine.made(gpu="700,80")
    assert [channel.name for channel in meter.channels] == ["package", "gpu"]
    assert machine.after(meter, 1.0, 0, 0)[1] == 80 + 0.25 * 620


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cpus": "7"}, "CPU 7 is not in .*; there are: 0, 1"),
        ({"core_w": -1.0}, "allowed: watts from 0"),
        ({"core_w": "much"}, "allowed: watts from 0"),
        ({"profile": "pi4_coral_v100.edge", "core_w": 1.0}, "allowed: one of the two"),
        ({"profile": "pi4_coral_v100"}, "allowed: NAME.edge, or NAME.cloud"),
        ({"profile": "pi4_coral_h200.cloud"}, "allowed: NAME.edge, or NAME.cloud where"),
        ({"gpu": "many"}, "allowed: LIMIT_W, or LIMIT_W,IDLE_W"),
    ],
)
def test_what_cannot_be_is_refused(machine, monkeypatch, options, said):
    monkeypatch.setattr(nvml, "opened", lambda: None)
    with pytest.raises(MeterError, match=said):
        machine.made(**options)


def test_a_host_without_that_file_says_what_it_needs(tmp_path):
    with pytest.raises(MeterError, match="this meter needs Linux"):
        build("estimate", {"root": str(tmp_path)})

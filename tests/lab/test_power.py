"""The lab's wall meters show what hosts draw by a known law, through the project's own meter."""

import time
from collections.abc import Iterator

import pytest

from hosts.core.errors import MeterError
from hosts.meters import gpm8213
from hosts.meters.gpm8213 import Gpm8213
from tests.lab.power import Energy, PowerLaw
from tests.lab.wall_meter import MeterFaults, WallMeter

LAW = PowerLaw(base_w=2.0, dynamic_w_per_ghz=1.0, package_w=0.5)


def drawn(ghz: float, busy: float) -> Energy:
    """What a host has drawn that has run so for 3 s, up to 3 s from now."""
    now_s = time.monotonic()
    energy = Energy(LAW, now_s - 3)
    for step in range(1, 601):
        energy.add(now_s - 3 + step / 100, ghz, busy)
    return energy


@pytest.fixture
def meters() -> Iterator[tuple[WallMeter, Gpm8213]]:
    """A meter on a host of 3.5 W, beside one of 2 W, and the program that asks it."""
    meter = WallMeter("127.0.0.1", drawn(1.5, 1.0), drawn(1.5, 0.0))
    yield meter, gpm8213.build(meter.resource)
    meter.close()


def test_energy_follows_frequency_and_load():
    start_s, energy = 100.0, Energy(LAW, 100.0)
    for second, ghz, busy in ((1, 1.8, 0.0), (2, 1.8, 1.0), (3, 0.6, 0.5)):
        energy.add(start_s + second, ghz, busy)
    assert energy.wall_j == pytest.approx(2.0 + 3.8 + 2.3)
    assert energy.package_j == pytest.approx(0.5 + 2.3 + 0.8)
    assert energy.mean_w(102.0, 1.0) == pytest.approx(3.8)
    assert energy.mean_w(102.5, 1.0) == pytest.approx((3.8 + 2.3) / 2)


@pytest.mark.parametrize(
    ("error", "watts"), [("none", 3.5), ("swapped", 2.0), ("shared", 5.5), ("negative", -3.5)]
)
def test_a_meter_shows_its_host_or_errs(meters, error, watts):
    meter, program = meters
    meter.faults = MeterFaults(error)
    assert program.read() == pytest.approx([watts], rel=1e-4)


def test_a_meter_that_lags_shows_what_was():
    now_s = time.monotonic()
    energy = Energy(LAW, now_s - 10)
    energy.add(now_s - 2, 1.0, 0.0)
    energy.add(now_s + 10, 1.0, 1.0)
    meter = WallMeter("127.0.0.1", energy, energy)
    assert float(meter.power()) == pytest.approx(3.0)
    meter.faults = MeterFaults("lagging", lag_s=4.0)
    assert float(meter.power()) == pytest.approx(2.0)
    meter.close()


def test_a_frozen_meter_keeps_its_value_until_it_is_healed():
    energy = Energy(LAW, time.monotonic() - 3)
    energy.add(time.monotonic(), 1.0, 0.0)
    meter = WallMeter("127.0.0.1", energy, energy)
    meter.faults = MeterFaults("frozen")
    before = meter.power()
    energy.add(time.monotonic() + 1, 1.0, 1.0)
    time.sleep(0.2)
    assert meter.power() == before
    meter.faults = MeterFaults()
    assert float(meter.power()) > float(before) + 0.5
    meter.close()


@pytest.mark.medium
def test_a_meter_that_is_stuck_is_named(meters):
    meter, program = meters
    meter.faults = MeterFaults("stuck")
    with pytest.raises(MeterError, match=r"did not answer in 2 s"):
        program.read()

"""RAPL's zones are told by the kernel's names, on trees as machines have them."""

import itertools
from typing import Any

import pytest

from dynasplit.testbed.channels import counted_channels
from hosts.core.errors import MeterError
from hosts.meters.base import build
from tests.polling_clock import Clock
from tests.powercap import FOLDER, Powercap

LAPTOP = {
    "intel-rapl:0": ("package-0", 10.0),
    "intel-rapl:0:0": ("core", 6.0),
    "intel-rapl:0:1": ("uncore", 1.0),
    "intel-rapl:1": ("psys", 23.0),
    "intel-rapl-mmio:0": ("package-0", 10.0),
}
SERVER = {
    "intel-rapl:0": ("package-1", 100.0),  # zones are numbered as they were found
    "intel-rapl:0:0": ("dram", 12.0),
    "intel-rapl:1": ("package-0", 80.0),
    "intel-rapl:1:0": ("dram", 8.0),
}
AMD = {"intel-rapl:0": ("package-0", 40.0), "intel-rapl:0:0": ("core", 9.0)}
DIES = {f"intel-rapl:{i}": (f"package-0-die-{i}", 30.0) for i in range(2)}
NOT_MINE = {"intel-rapl:0": ("package-0", 10.0), "intel-rapl:0:2": ("camera", 3.0)}


def metered(root, zones):
    """The powers by channel, what counts, and the meter."""
    tree = Powercap.of(root, zones)
    meter: Any = build("rapl", {"root": str(root)})
    meter.clock = Clock(tree.spend)
    readings = itertools.chain.from_iterable(meter.readings())
    *_, (_, watts) = itertools.islice(readings, 3)
    names = [channel.name for channel in meter.channels]
    return dict(zip(names, watts, strict=True)), counted_channels("edge", meter.channels), meter


@pytest.mark.parametrize(
    ("zones", "powers", "counted"),
    [
        (LAPTOP, {"package": 10, "core": 6, "uncore": 1, "psys": 23}, ("package",)),
        (
            SERVER,
            {"package_0": 80, "package_1": 100, "dram_0": 8, "dram_1": 12},
            ("package_0", "package_1", "dram_0", "dram_1"),
        ),
        (AMD, {"package": 40, "core": 9}, ("package",)),
        (DIES, {"package_0die0": 30, "package_0die1": 30}, ("package_0die0", "package_0die1")),
        ({"intel-rapl-mmio:0": ("package-0", 10.0)}, {"package": 10}, ("package",)),
        (NOT_MINE, {"package": 10}, ("package",)),
    ],
    ids=["laptop", "server", "amd", "dies", "mmio alone", "an unknown zone"],
)
def test_zones_are_told_by_name_and_nothing_counts_twice(tmp_path, zones, powers, counted):
    found, counts, meter = metered(tmp_path, zones)
    assert found == pytest.approx(powers, rel=0.01)
    assert sorted(counts) == sorted(counted)
    assert meter.identity == f"RAPL: {', '.join(c.name for c in meter.channels)}"


@pytest.mark.parametrize("stated", ["0\n", None])
def test_a_counter_whose_range_is_not_stated_says_nothing_of_a_fall(tmp_path, stated):
    tree = Powercap(tmp_path, 10.0)
    file = tree.zones[0] / "max_energy_range_uj"
    file.unlink() if stated is None else file.write_text(stated)
    meter: Any = build("rapl", {"root": str(tmp_path)})
    assert [c.wraps_at_j for c in meter.channels] == [None]
    tree.spend(5.0)
    meter.clock = Clock(lambda until_s: tree.spend(until_s % 5.45))
    watts = [w for batch in itertools.islice(meter.readings(), 8) for _, (w,) in batch]
    assert watts == pytest.approx([10.0] * 8, rel=0.01)


def test_a_zone_that_is_only_recorded_and_cannot_be_read_costs_nothing(tmp_path):
    tree = Powercap.of(tmp_path, LAPTOP)
    (tmp_path / FOLDER / "intel-rapl:0:1/energy_uj").unlink()
    meter: Any = build("rapl", {"root": str(tmp_path)})
    assert [c.name for c in meter.channels] == ["package", "core", "psys"]
    tree.zones[1].joinpath("energy_uj").unlink()
    assert meter.read()[1] is None
    tree.zones[0].joinpath("energy_uj").unlink()
    with pytest.raises(MeterError, match="a package's counter cannot be read"):
        meter.read()

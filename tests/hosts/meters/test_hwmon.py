"""Boards' sensors on trees of hwmon as kernels make them."""

from pathlib import Path
from typing import Any

import pytest

from dynasplit.testbed.channels import counted_channels
from hosts.core.errors import MeterError
from hosts.meters.base import build

JETSON = {
    "name": "ina3221",
    "update_interval": "100",
    **{"in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "1200"},
    **{"in2_label": "VDD_CPU_GPU_CV", "in2_input": "5000", "curr2_input": "400"},
    **{"in3_label": "VDD_SOC", "in3_input": "5000", "curr3_input": "300"},
    **{"in7_label": "sum of shunt voltages", "in7_input": "9", "curr4_input": "1900"},
}
INA219 = {"name": "ina219", "in1_input": "5100", "curr1_input": "600", "power1_input": "3060000"}
CPU = {"name": "coretemp", "temp1_input": "40000"}


def tree(root: Path, *chips: dict[str, str]) -> Path:
    for number, files in enumerate(chips):
        folder = root / f"sys/class/hwmon/hwmon{number}"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
    return root


def meter(root: Path, **options: Any) -> Any:
    return build("hwmon", {"root": str(root), **options})


def test_a_chip_s_power_is_read_in_w(tmp_path):
    found = meter(tree(tmp_path, CPU, INA219))
    assert ([c.name for c in found.channels], found.read()) == (["board"], [3.06])
    header = found.header("hwmon")
    assert (header.error_pct, header.averaging_s, header.period_s) == (1.5, None, 0.1)
    assert header.identity == "hwmon: ina219 ina219"


def test_of_a_jetson_s_rails_the_one_of_the_whole_board_counts(tmp_path):
    found = meter(tree(tmp_path, JETSON), period_s=0.05)
    assert [c.name for c in found.channels] == ["board", "rail_vddcpugpucv", "rail_vddsoc"]
    assert found.read() == [6.0, 2.0, 1.5]
    assert counted_channels("edge", found.channels) == ("board",)
    header = found.header("hwmon")
    assert (header.averaging_s, header.period_s) == (0.1, 0.1)  # not asked faster than it averages


def test_several_rails_together_may_be_the_board_and_it_may_be_another_domain(tmp_path):
    found = meter(tree(tmp_path, JETSON), rail="VDD_CPU_GPU_CV + VDD_SOC", domain="package")
    assert [c.name for c in found.channels] == ["package", "rail_vddin"]
    assert found.read() == [3.5, 6.0]


def test_where_it_is_not_clear_which_rail_is_the_board_it_is_asked(tmp_path):
    root = tree(tmp_path, INA219, INA219)
    told = r"rail='' asked; there are: ina219, ina219_hwmon1; allowed: the one that the whole"
    with pytest.raises(MeterError, match=told):
        meter(root)
    assert meter(root, rail="ina219_hwmon1").read() == [3.06, 3.06]
    with pytest.raises(MeterError, match="rail='VDD' asked"):
        meter(root, rail="VDD")


def test_a_board_without_a_sensor_says_so(tmp_path):
    with pytest.raises(MeterError, match="has none of ina219, ina226"):
        meter(tree(tmp_path, CPU))


def test_only_the_rail_that_counts_must_be_readable(tmp_path):
    found = meter(tree(tmp_path, JETSON))
    folder = tmp_path / "sys/class/hwmon/hwmon0"
    (folder / "curr2_input").write_text("busy")
    assert found.read() == [6.0, None, 1.5]
    (folder / "curr1_input").unlink()
    with pytest.raises(MeterError, match="hwmon: ina3221 VDD_IN cannot be read"):
        found.read()

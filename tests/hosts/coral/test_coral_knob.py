"""The knob on a machine with a Coral, by its sysfs files."""

import pytest

from hosts.coral.usb import find_stick, find_switch, wait_for_stick
from hosts.core.errors import KnobError
from hosts.knobs.base import build
from tests.hosts.trees import RealOnTree


def switch_of(root, port: int):
    return root / f"sys/bus/usb/devices/1-0:1.0/usb1-port{port}/disable"


def test_the_stick_is_found_by_its_ids_and_its_switch_is_that_of_its_own_port(stick):
    assert find_stick(stick).name == "1-2"
    assert find_switch(stick) == switch_of(stick, 2)


def test_without_power_the_switch_is_the_one_that_is_off(stick):
    (stick / "sys/bus/usb/devices/1-2/idVendor").unlink()
    assert find_switch(stick) is None
    switch_of(stick, 2).write_text("1\n")
    assert find_switch(stick) == switch_of(stick, 2)
    assert RealOnTree(stick).accelerator_modes() == ("off", "std", "max")


def test_without_a_stick_only_off_is_offered(tmp_path):
    knob = build("edge_accelerator", RealOnTree(tmp_path))
    assert knob.allowed() == ("off",)
    with pytest.raises(KnobError, match="this host offers: off"):
        knob.write("std")


def test_off_cuts_the_power_of_its_port_alone_and_restoring_gives_it_back(stick):
    knob = build("edge_accelerator", RealOnTree(stick))
    before = knob.snapshot()
    assert not knob.holds("off")  # it draws power
    knob.write("off")
    assert knob.holds("off")
    assert switch_of(stick, 2).read_text().strip() == "1"
    assert switch_of(stick, 1).read_text().strip() == "0"
    knob.restore(before)
    assert switch_of(stick, 2).read_text().strip() == "0"


def test_opening_it_where_the_library_is_missing_says_so(stick):
    knob = build("edge_accelerator", RealOnTree(stick))
    with pytest.raises(KnobError, match=r"edge_accelerator=std asked; libedgetpu.so.1.*Debian"):
        knob.write("std")
    assert knob.read() == "off"


def test_a_stick_that_does_not_appear_is_said(tmp_path):
    with pytest.raises(KnobError, match=r"no Coral USB accelerator.*1a6e:089a or 18d1:9302"):
        wait_for_stick(tmp_path, patience_s=0.1)

"""The lab's frequency files, as the project's own knob meets them, also where they misbehave."""

import os
import time
from pathlib import Path

import pytest

from hosts.core.errors import KnobError
from hosts.knobs.cpu_mhz import CpuMhz
from hosts.machine.cpus import own_cpus
from hosts.machine.real import RealMachine
from tests.lab.cpufreq import POLICIES, KernelFaults, Policy

CPU = own_cpus()[0]


class OnPolicy(RealMachine):
    """A machine whose time is what it waits for its kernel."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self.policy = Policy(root, CPU, os.getgid())
        self.waited_s = 0.0

    def settle(self) -> None:
        self.waited_s += self._settle_s
        self.policy.tick(self.waited_s)


@pytest.fixture
def machine(tmp_path):
    made = OnPolicy(tmp_path)
    yield made
    made.policy.close()


def shown(machine: OnPolicy) -> dict[str, str]:
    folder = machine.root / POLICIES / f"policy{CPU}"
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_knob_sets_every_frequency_and_puts_all_back(machine):
    before, knob = shown(machine), CpuMhz(machine)
    was = knob.snapshot()
    assert knob.discover() == tuple(range(600, 1801, 100))
    for mhz in (600, 1800, 1100):
        knob.write(mhz)
        assert (knob.read(), machine.policy.runs_at_khz) == (mhz, 1000 * mhz)
    knob.restore(was)
    assert shown(machine) == before
    told = [(c.governor, c.khz) for c in machine.policy.changes]
    assert told[-1] == ("ondemand", 1_800_000)
    assert ("userspace", 1_100_000) in told


@pytest.mark.parametrize(
    "faults",
    [
        KernelFaults("ignoring"),
        KernelFaults("clamping", cap_khz=900_000),
        KernelFaults("reverting", after_s=0.02),
    ],
)
def test_a_kernel_that_does_not_do_as_asked_is_found_out(machine, faults):
    machine.policy.faults = faults
    knob = CpuMhz(machine)
    with pytest.raises(KnobError, match=r"cpu_mhz=1200 asked, \d+ read back"):
        knob.write(1200)


def test_what_is_set_may_be_reverted_later(machine):
    machine.policy.faults = KernelFaults("reverting", after_s=0.3)
    knob = CpuMhz(machine)
    knob.write(1200)
    assert knob.holds(1200)
    while machine.waited_s < 0.5:
        machine.settle()
    assert not knob.holds(1200)


def test_a_kernel_that_lies_shows_what_was_asked_and_runs_as_before(machine):
    machine.policy.faults = KernelFaults("lying")
    CpuMhz(machine).write(600)
    assert (machine.policy.khz, machine.policy.runs_at_khz) == (600_000, 1_800_000)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scaling_governor", "turbo"),
        ("scaling_setspeed", "600000"),  # not under this governor
        ("scaling_min_freq", "100"),
        ("scaling_max_freq", "fast"),
    ],
)
def test_what_a_kernel_refuses_is_put_back(machine, name, text):
    before = shown(machine)
    (machine.root / POLICIES / f"policy{CPU}" / name).write_text(text)
    machine.settle()
    assert shown(machine) == before


def test_no_reader_finds_a_file_empty_while_it_changes(machine):
    knob = CpuMhz(machine)
    file = machine.root / POLICIES / f"policy{CPU}/scaling_cur_freq"
    knob.write(600)
    until_s, seen, number = time.monotonic() + 0.2, set(), 0
    while time.monotonic() < until_s:
        number += 1
        knob.write((600, 1800)[number % 2])
        seen.add(file.read_text())
    assert seen == {"600000\n", "1800000\n"}

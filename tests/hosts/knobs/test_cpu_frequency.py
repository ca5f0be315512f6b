"""cpufreq as kernels do it: turbo, clusters, CPUs that are offline, words that are no numbers."""

import os
from pathlib import Path

import pytest

from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, build, describe
from tests.hosts.trees import (
    ACPI,
    BIG,
    CPUFREQ,
    LITTLE,
    PSTATE,
    SCHEDUTIL,
    TURBO,
    USERSPACE,
    RealOnTree,
    acpi,
    cpufreq,
    turbo,
    vcgencmd,
)


def shown(root: Path, name: str, policy: int = 0) -> str:
    return (root / CPUFREQ / f"policy{policy}" / name).read_text().strip()


def mhz_on(machine: RealOnTree) -> HostKnob:
    return build("cpu_mhz", machine)


def test_exactly_the_khz_that_are_listed_are_written(tmp_path):
    knob = mhz_on(cpufreq(tmp_path, SCHEDUTIL))
    assert knob.allowed() == (729, 1190, 1510)
    knob.write(729)
    assert (shown(tmp_path, "scaling_min_freq"), shown(tmp_path, "scaling_max_freq")) == (
        *("729600", "729600"),
    )
    knob.write(1510)
    assert shown(tmp_path, "scaling_min_freq") == "1510400"
    assert (knob.read(), shown(tmp_path, "scaling_governor")) == (1510, "schedutil")


def test_two_frequencies_that_are_one_in_whole_mhz_are_refused_in_words(tmp_path):
    alike = SCHEDUTIL | {"scaling_available_frequencies": "729100 729600 1510400"}
    with pytest.raises(KnobError, match="729100 and 729600 kHz are both 729 MHz"):
        mhz_on(cpufreq(tmp_path, alike)).allowed()


def test_turbo_is_set_although_the_base_is_within_tolerance(tmp_path):
    knob = mhz_on(acpi(tmp_path))
    assert knob.allowed() == (1600, 2800, 2801)
    knob.write(2800)
    assert (shown(tmp_path, "scaling_setspeed"), knob.holds(2801)) == ("2800000", False)
    assert (tmp_path / CPUFREQ / "boost").read_text() == "0"
    knob.write(2801)
    assert (shown(tmp_path, "scaling_setspeed"), knob.holds(2800)) == ("2801000", False)
    assert (tmp_path / CPUFREQ / "boost").read_text() == "1"
    assert shown(tmp_path, "scaling_cur_freq") == "3391000"
    assert (knob.holds(2801), knob.read()) == (True, 2801)


def test_turbo_that_is_not_allowed_is_none(tmp_path):
    knob = mhz_on(acpi(tmp_path))
    knob.write(2801)
    (tmp_path / CPUFREQ / "boost").write_text("0")
    knob._machine.settle()
    assert not knob.holds(2801)


def test_a_loop_is_compared_without_turbo_of_which_nobody_knows_the_frequency():
    assert describe("cpu_mhz").felt_ends((1600, 2800, 2801)) == (1600, 2800)
    assert describe("cpu_mhz").felt_ends((600, 1800)) == (600, 1800)


def test_intel_pstate_is_offered_up_to_its_base_and_holds_there_without_turbo(tmp_path):
    machine = turbo(tmp_path)
    knob = mhz_on(machine)
    assert knob.allowed() == (800, 1200, 1600, 2000, 2400)
    was = knob.snapshot()
    knob.write(2400)
    switch = tmp_path / CPUFREQ / "../intel_pstate/no_turbo"
    assert (switch.read_text(), shown(tmp_path, "scaling_cur_freq")) == ("1", "2400000")
    assert switch in knob.files() or switch.resolve() in knob.files()
    knob.restore(was)
    assert (switch.read_text(), shown(tmp_path, "scaling_max_freq")) == ("0", "4400000")
    assert knob.snapshot() == was


NO_BASE = {name: text for name, text in TURBO.items() if name != "base_frequency"}


@pytest.mark.parametrize(
    ("files", "top_mhz"),
    [
        ({"cpu0/acpi_cppc/nominal_freq": "2600"}, 2600),
        ({"intel_pstate/turbo_pct": "44", "intel_pstate/num_pstates": "37"}, 2800),
        ({"intel_pstate/no_turbo": "1"}, 4400),  # then the limit is that without turbo
    ],
)
def test_the_base_is_found_where_there_is_no_file_of_it(tmp_path, files, top_mhz):
    turbo(tmp_path, NO_BASE)
    for name, text in files.items():
        path = tmp_path / "sys/devices/system/cpu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert mhz_on(RealOnTree(tmp_path)).allowed()[-1] == top_mhz


def test_a_base_that_is_not_told_is_refused_in_words(tmp_path):
    with pytest.raises(KnobError, match=r"switch turbo off in .*no_turbo"):
        mhz_on(turbo(tmp_path, NO_BASE)).allowed()


def test_p_and_e_cores_are_offered_what_both_reach(tmp_path):
    fast, slow = (TURBO | {"base_frequency": f"{khz}"} for khz in (3200000, 2400000))
    slow |= {"cpuinfo_min_freq": "400000", "scaling_min_freq": "400000"}
    machine = turbo(tmp_path, fast, slow)
    assert mhz_on(machine).allowed() == (800, 1200, 1600, 2000, 2400)
    with pytest.raises(KnobError, match="every CPU takes the frequencies that cpu_mhz sets"):
        build("cpu_little_mhz", machine).allowed()


def test_clusters_without_common_values_are_two_knobs(tmp_path):
    machine = cpufreq(tmp_path, LITTLE, BIG)
    big, little = mhz_on(machine), build("cpu_little_mhz", machine)
    assert (big.allowed(), little.allowed()) == ((710, 2841), (300, 1785))
    big.write(2841)
    little.write(1785)
    assert (shown(tmp_path, "scaling_setspeed", 1), shown(tmp_path, "scaling_setspeed")) == (
        *("2841600", "1785600"),
    )
    assert (big.holds(2841), little.holds(1785), big.holds(710)) == (True, True, False)


def test_a_policy_whose_cpus_are_offline_is_left_alone(tmp_path):
    """Its files then say `Device or resource busy`; here reading one gives EIO."""
    machine = cpufreq(tmp_path, USERSPACE, USERSPACE | {"affected_cpus": ""})
    file = tmp_path / CPUFREQ / "policy1/scaling_cur_freq"
    file.unlink()
    file.symlink_to("/proc/self/mem")
    knob = mhz_on(machine)
    was = knob.snapshot()
    knob.write(1200)
    assert (knob.read(), shown(tmp_path, "scaling_governor", 1)) == (1200, "ondemand")
    knob.restore(was)
    assert knob.snapshot() == was


def test_what_cannot_be_read_is_named_with_the_kernels_words(tmp_path):
    machine = cpufreq(tmp_path, USERSPACE)
    file = tmp_path / CPUFREQ / "policy0/scaling_cur_freq"
    file.unlink()
    file.symlink_to("/proc/self/mem")
    with pytest.raises(KnobError, match=r"reading .*scaling_cur_freq: Input/output error"):
        mhz_on(machine).read()


def test_what_cannot_be_written_is_named_with_the_kernels_words(tmp_path, monkeypatch):
    machine = cpufreq(tmp_path, PSTATE)
    knob = mhz_on(machine)

    def full(path: Path, text: str) -> None:
        raise OSError(16, os.strerror(16))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(KnobError, match=r"scaling_max_freq: 800000 refused .*resource busy"):
        knob.write(800)


def test_limits_that_exclude_a_value_are_widened_and_put_back(tmp_path):
    knob = mhz_on(cpufreq(tmp_path, USERSPACE | {"scaling_max_freq": "1200000"}))
    was = knob.snapshot()
    knob.write(1800)
    assert shown(tmp_path, "scaling_cur_freq") == "1800000"
    knob.restore(was)
    assert (knob.snapshot(), shown(tmp_path, "scaling_max_freq")) == (was, "1200000")


def test_a_cpu_at_rest_is_looked_at_while_it_computes(tmp_path, monkeypatch):
    """Some kernels tell the base frequency of it, whatever it is set to."""
    machine, woken = turbo(tmp_path), []
    answers, current = machine.settle, tmp_path / CPUFREQ / "policy0/scaling_cur_freq"

    def rests() -> None:
        answers()
        current.write_text("2400000\n")

    def computes(cpu: int, _duration_s: float) -> None:
        woken.append(cpu)
        answers()

    monkeypatch.setattr(machine, "settle", rests)
    monkeypatch.setattr("hosts.knobs._policy.keep_busy", computes)
    knob = mhz_on(machine)
    knob.write(800)
    assert woken == [0]
    rests()
    assert (knob.holds(1200), knob.holds(800)) == (False, True)


class PutBack(RealOnTree):
    """Something else sets the governor again, so many times."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        self.times, self.settled = times, 0

    def settle(self) -> None:
        governor = self.root / CPUFREQ / "policy0/scaling_governor"
        if self.times and governor.read_text() == "userspace":
            governor.write_text("ondemand")
            self.times -= 1
        super().settle()


def test_what_is_put_back_at_once_is_set_again_once(tmp_path):
    cpufreq(tmp_path, USERSPACE)
    mhz_on(PutBack(tmp_path, 1)).write(600)
    assert shown(tmp_path, "scaling_setspeed") == "600000"
    with pytest.raises(KnobError, match="cpu_mhz=1200 asked, 1800 read back"):
        mhz_on(PutBack(tmp_path, 2)).write(1200)


@pytest.fixture
def firmware(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    vcgencmd(folder)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_the_firmwares_clock_has_the_last_word(tmp_path, firmware):
    (firmware / "measure_clock").write_text("frequency(48)=1200012345\n")
    knob = mhz_on(cpufreq(tmp_path, USERSPACE))
    knob.write(1200)
    (firmware / "measure_clock").write_text("frequency(48)=600117184\n")
    assert (knob.holds(1200), knob.read()) == (False, 600)
    (firmware / "measure_clock").write_text("VCHI initialization failed\n")
    assert knob.holds(1200)


def test_turbo_of_the_list_is_told_by_its_step_alone(tmp_path):
    listed = ACPI | {"scaling_available_frequencies": "2800000 2400000 1600000"}
    knob = mhz_on(cpufreq(tmp_path, listed))
    assert knob.felt_ends(knob.allowed()) == (1600, 2800)
    knob.write(2800)
    assert knob.holds(2800)

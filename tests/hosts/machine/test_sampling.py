"""What is sampled of a host: files of a tree, and of this machine."""

import time
from types import SimpleNamespace

import pytest

from hosts.agents.sampler import Sampler
from hosts.machine.cpus import own_cpus
from hosts.machine.sampling import HostLook
from hosts.wire.samples import HostSample


def write(root, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


CPU = "sys/devices/system/cpu/cpu{}"


@pytest.fixture
def tree(tmp_path):
    for cpu, khz in ((0, 600_000), (1, 1_800_000)):
        write(tmp_path, f"{CPU.format(cpu)}/cpufreq/scaling_cur_freq", f"{khz}\n")
        write(tmp_path, f"{CPU.format(cpu)}/thermal_throttle/core_throttle_count", "2\n")
    write(tmp_path, f"{CPU.format(0)}/thermal_throttle/package_throttle_count", "1\n")
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48312\n")
    write(tmp_path, "sys/class/thermal/thermal_zone1/temp", "51000\n")
    write(tmp_path, "proc/stat", "cpu  1000 0 500 90000 7 100 50 30 0 0\ncpu0 1 2\n")
    write(tmp_path, "proc/vmstat", "nr_free_pages 1\npswpin 5\npswpout 6\n")
    return tmp_path


def test_each_figure_is_read_from_its_file_again_and_again(tree):
    look = HostLook(tree, [0, 1], own_s=lambda: 4.5)
    seen = look.sample()
    assert (seen.cpu_mhz, seen.temperature_c) == (1800.0, 51.0)
    assert (seen.throttled, seen.swapped_pages) == (5, 11)
    assert seen.others_s == pytest.approx(16.5 - 4.5)
    write(tree, "proc/stat", "cpu  1100 0 500 90000 7 100 50 30 0 0\n")
    write(tree, f"{CPU.format(1)}/cpufreq/scaling_cur_freq", "1400000\n")
    write(tree, f"{CPU.format(1)}/thermal_throttle/core_throttle_count", "9\n")
    again = look.sample()
    assert again.others_s - seen.others_s == pytest.approx(1.0)
    assert (again.cpu_mhz, again.throttled) == (1400.0, 12)
    look.close()


def test_what_the_agent_started_is_not_others(tree):
    look = HostLook(tree, [0], own_s=lambda: 0.0)
    alone_s = look.sample().others_s
    write(tree, "proc/77/stat", "77 (a ) b) S 1 1 1 0 -1 4 0 0 0 0 250 50 0 0 20 0 1 0 5\n")
    look.children = (77, 78)  # the second has ended
    assert look.sample().others_s == pytest.approx(alone_s - 3.0)
    look.close()


def test_a_board_s_firmware_tells_flags(tree):
    firmware = "sys/devices/platform/soc/soc:firmware/get_throttled"
    write(tree, firmware, "50000\n")  # it was so before
    look = HostLook(tree, [], own_s=lambda: 0.0)
    assert look.sample().throttled == 0
    write(tree, firmware, "50005\n")
    assert [look.sample().throttled for _ in range(2)] == [1, 2]
    look.close()


def test_a_host_without_any_of_it_tells_nothing(tmp_path):
    seen = HostLook(tmp_path, [0], own_s=lambda: 0.0).sample()
    assert (seen.cpu_mhz, seen.temperature_c, seen.others_s) == (None, None, None)
    assert (seen.throttled, seen.swapped_pages) == (None, None)


def test_a_file_that_fails_or_is_no_number_is_left_out(tree):
    write(tree, "sys/class/thermal/thermal_zone1/temp", "N/A\n")
    (tree / "proc/vmstat").write_text("")
    seen = HostLook(tree, [0], own_s=lambda: 0.0).sample()
    assert (seen.temperature_c, seen.swapped_pages) == (48.312, None)


def test_on_this_machine_others_are_those_that_are_not_this_program():
    from pathlib import Path

    look = HostLook(Path("/"), own_cpus(), time.process_time)
    before, own_s = look.sample(), time.process_time()
    sum(range(2_000_000))
    after, spent_s = look.sample(), time.process_time() - own_s
    assert after.time_ns > before.time_ns
    assert after.others_s - before.others_s <= (  # what this program spent is not in it
        (after.time_ns - before.time_ns) / 1e9 * after.cpus - spent_s + 0.05
    )


def test_samples_are_taken_once(tree):
    loops = iter([(0, 10_000_000)])
    machine = SimpleNamespace(
        emulated=False, root=tree, look=lambda: None, loop=lambda *_: next(loops)
    )
    sampler = Sampler(machine, HostLook(tree, [0, 1], own_s=lambda: 0.0))
    first = sampler.take()
    assert first[-1].cpu_mhz == 1800.0
    second = sampler.take()
    assert second[0].time_ns > first[-1].time_ns
    assert {one.loop_ns for one in (*first, *second)} == {None}
    assert sampler.take(felt=True)[-1].loop_ns == 50.0
    sampler.close()


def test_a_board_is_looked_at_before_and_after_a_run():
    seen = [HostSample(time_ns=i, others_s=i / 10) for i in range(4)]
    looks = iter(seen)
    sampler = Sampler(SimpleNamespace(emulated=True, look=lambda: next(looks)))
    sampler.begin(felt=True)
    assert sampler.take(felt=True) == seen[1:3]
    assert sampler.take() == seen[2:4]

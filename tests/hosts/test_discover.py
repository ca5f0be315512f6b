"""What a machine has is found from its files; and programs keep to the CPUs that they are given."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts.core.errors import HostError
from hosts.discover import look_around, offers
from hosts.knobs.base import build, names_on_hosts
from hosts.machine.cpus import keep_to, own_cpus
from tests.fake_nvml import fake_nvml
from tests.hosts.trees import PSTATE, RealOnTree, cpufreq
from tests.powercap import Powercap

RAPL = "sys/class/powercap/intel-rapl:0"
HERE = own_cpus()
MHZ = (800, 1400, 1900, 2400, 3000)


@pytest.fixture(autouse=True)
def no_iproute2(monkeypatch):
    """A link is no file below a root."""
    monkeypatch.setattr("hosts.knobs._link.find_tool", lambda _name: None)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_an_empty_machine_has_nothing_and_says_why(tmp_path):
    found = look_around(RealOnTree(tmp_path))
    assert found.knobs == {}
    assert found.meter is None
    assert set(found.absent) == {*names_on_hosts(), "meter"}
    assert "no RAPL here" in found.absent["meter"]


def test_frequencies_and_rapl_are_found(tmp_path):
    machine = cpufreq(tmp_path, PSTATE | {"related_cpus": str(HERE[0])})
    write(tmp_path, {f"{RAPL}/energy_uj": "5", f"{RAPL}/max_energy_range_uj": "100"})
    found = look_around(machine)
    assert found.knobs == {"cpu_mhz": MHZ}
    assert found.meter == "rapl"
    assert set(found.absent) == {*names_on_hosts()} - {"cpu_mhz"}


def test_a_host_that_keeps_to_some_cpus_sets_their_frequency_only(tmp_path):
    policies = [PSTATE | {"related_cpus": cpus} for cpus in (str(HERE[0]), "9999")]
    knob = build("cpu_mhz", cpufreq(tmp_path, *policies))
    assert {name.split("/")[0] for name in knob.snapshot()} == {"policy0"}


def run_bound(cpus: tuple[int, ...]) -> str:
    code = (
        "import os, sys; from hosts.machine.cpus import keep_to;"
        f"keep_to({cpus}); print(sorted(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(not HERE, reason="this system binds no programs")
def test_a_program_keeps_to_its_cpus_and_counts_its_threads_by_them():
    assert run_bound((HERE[-1],)) == f"[{HERE[-1]}] 1"


def test_a_cpu_that_is_not_there_is_refused():
    with pytest.raises(HostError, match=r"cpus=\[9999\] asked; programs of this host may use: "):
        keep_to([9999])


def test_no_cpu_named_changes_nothing():
    before = own_cpus(), dict(os.environ)
    keep_to(())
    assert (own_cpus(), dict(os.environ)) == before


def test_a_host_says_what_it_offers_of_the_knobs_that_it_is_said_to_have(tmp_path, monkeypatch):
    machine = cpufreq(tmp_path, PSTATE | {"related_cpus": str(HERE[0])})
    found = offers(["cpu_mhz", "edge_accelerator", "none_such"], machine)
    assert (found["cpu_mhz"].values, found["cpu_mhz"].varies) == (MHZ, True)
    assert (found["edge_accelerator"].values, found["edge_accelerator"].varies) == (("off",), False)
    assert "knob 'none_such' asked" in found["none_such"].trouble
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found_shut(offers(["cpu_mhz"], machine)) == "scaling_max_freq"
    with pytest.raises(HostError, match="is not writable for this user"):
        build("cpu_mhz", machine).discover()


def test_a_gpu_that_the_runtime_does_not_see_is_none_to_search(tmp_path, monkeypatch):
    (tmp_path / "proc/driver/nvidia/gpus/0000:01").mkdir(parents=True)
    machine = RealOnTree(tmp_path)
    monkeypatch.setattr("hosts.knobs.cloud_gpu._seen_by_runtime", lambda *_: ("jax", 0))
    (seen,) = offers(["cloud_gpu"], machine).values()
    assert not seen.varies
    assert seen.trouble == f"there is a GPU, but jax of {sys.executable} does not see it"


@pytest.mark.medium
def test_the_runtime_is_asked_for_gpus_in_a_program_of_its_own(tmp_path):
    (tmp_path / "proc/driver/nvidia/gpus/0000:01").mkdir(parents=True)
    machine = RealOnTree(tmp_path)  # TensorFlow's build for CPUs is installed
    (seen,) = offers(["cloud_gpu"], machine).values()
    assert seen.trouble == f"there is a GPU, but tensorflow of {sys.executable} does not see it"
    machine.runtime = "litert"
    (seen,) = offers(["cloud_gpu"], machine).values()
    assert "runtime litert asked of the cloud" in seen.trouble
    machine.python = str(tmp_path / "none")
    (seen,) = offers(["cloud_gpu"], machine).values()
    assert "none does not tell of it" in seen.trouble


@pytest.mark.parametrize("told", [True, False])
def test_a_gpu_that_computes_is_metered_beside_rapl_or_nothing_is(tmp_path, monkeypatch, told):
    machine = RealOnTree(tmp_path)
    (tmp_path / "proc/driver/nvidia/gpus/0000:01").mkdir(parents=True)
    monkeypatch.setattr("hosts.knobs.cloud_gpu._seen_by_runtime", lambda *_: ("jax", 1))
    Powercap(tmp_path, 10.0)
    fake_nvml(tmp_path, monkeypatch, gpus=int(told))
    found = look_around(machine)
    assert found.knobs["cloud_gpu"] == (False, True)
    if told:
        assert (found.meter, found.gpu_meter) == ("rapl", "nvml")
    else:
        assert (found.meter, found.gpu_meter) == (None, None)
        assert found.absent["meter"] == "NVML finds no GPU on this host"


def found_shut(found):
    return Path(found["cpu_mhz"].shut[-1]).name

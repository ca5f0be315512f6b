"""The GPUs' meter on NVIDIA's library as a fake, at its C boundary; time is the test's."""

import builtins
import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hosts.core.errors import MeterError
from hosts.meters.base import build
from hosts.wire.readings import read_header
from tests.fake_nvml import GpuClock, compiled, fake_nvml

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    """Opens the meter on GPUs as said."""

    def opened(options: dict[str, Any] | None = None, **said: Any) -> Any:
        clock = fake_nvml(tmp_path, monkeypatch, **said)
        meter: Any = build("nvml", options or {})
        meter.clock = clock
        return meter

    return opened


def taken(meter, seconds: float) -> list:
    until_ns = meter.clock.now_ns() + seconds * 1e9
    batches = itertools.takewhile(lambda _: meter.clock.now_ns() < until_ns, meter.readings())
    return list(itertools.chain.from_iterable(batches))


def test_energy_is_read_on_the_counter_s_own_steps(gpus):
    meter = gpus()
    header = meter.header("nvml")
    assert (header.identity, header.period_s) == ("NVML: Fake H200 GPU-0", 0.1)
    assert [(c.name, c.quantity) for c in header.channels] == [("gpu", "energy")]
    found = taken(meter, 5.0)
    assert len(found) >= 47  # one each step
    for at_ns, (watts,) in found:
        assert watts == pytest.approx(121, rel=0.09)  # a step's time is known to 5 ms and a call
        since_middle_ns = (at_ns - 37_000_000) % 100_000_000 - 50_000_000  # between two steps
        assert -1_000_000 < since_middle_ns < 8_000_000
    mean_w = sum(watts for _, (watts,) in found) / len(found)
    assert mean_w == pytest.approx(121, rel=0.005)


def test_each_of_several_gpus_has_its_own_steps_and_part(gpus):
    meter = gpus(gpus=3)
    assert [c.name for c in meter.channels] == ["gpu_0", "gpu_1", "gpu_2"]
    found = taken(meter, 5.0)
    for place in range(3):
        own = [w[place] for _, w in found if w[place] is not None]
        assert len(own) >= 45
        assert sum(own) / len(own) == pytest.approx(121 * (place + 1), rel=0.01)


def test_one_of_several_is_named_by_its_number(gpus):
    assert [c.name for c in gpus({"index": 2}, gpus=3).channels] == ["gpu_2"]


@pytest.mark.parametrize(("tells", "averaging_s"), [("instant", 0.0), ("average", 1.0)])
def test_a_gpu_without_a_counter_tells_its_power(gpus, tells, averaging_s):
    meter = gpus(tells=tells)
    header = meter.header("nvml")
    assert (header.averaging_s, header.channels[0].quantity) == (averaging_s, "power")
    (first, *_) = found = taken(meter, 2.0)
    assert {watts for _, watts in found} == {(121.0,)}
    asked_ns = 5_000_000_000
    assert first[0] == pytest.approx(asked_ns - averaging_s / 2 * 1e9, abs=20e6)


@pytest.mark.parametrize("index", [3, -1, "first"])
def test_a_gpu_that_is_not_there_is_named(gpus, index):
    with pytest.raises(MeterError, match=rf"index={index} asked; there are 3; allowed: all, or"):
        gpus({"index": index}, gpus=3)


def test_no_gpu_is_told(gpus):
    with pytest.raises(MeterError, match="NVML finds no GPU on this host"):
        gpus(gpus=0)


@pytest.mark.fault(
    group="meters",
    fault="a GPU that is lost while it is read",
    seen="one line with `GPU is lost`; its meter is begun anew",
)
def test_a_gpu_that_is_lost_is_an_error_in_words(gpus):
    meter = gpus(lost=6_000_000_000)
    with pytest.raises(MeterError, match=r"GPU-0 was asked and did not answer: GPU is lost"):
        taken(meter, 5.0)


def test_a_driver_or_bindings_that_are_not_there_are_told(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "pynvml":
            raise ImportError
        return real(name, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", without)
        with pytest.raises(MeterError, match=r"install hosts/requirements-nvml\.txt"):
            build("nvml", {})


def started(tmp_path, folder: Path | str) -> str:
    """What the meter program says first, with the library to be found in a folder."""
    GpuClock(tmp_path / "clock")
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(folder),
        "FAKE_NVML_CLOCK": str(tmp_path / "clock"),
        "FAKE_NVML_TELLS": "instant",
    }
    command = [sys.executable, "-m", "hosts.agents.meter_stream", "nvml"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as program:
        lines = iter(program.stdout.readline, "")
        first = next(line for line in lines if not line.startswith("|"))
        program.stdin.close()
    return first


@pytest.mark.medium
def test_the_program_finds_the_driver_s_library_as_any_other_does(tmp_path):
    assert read_header(started(tmp_path, compiled())).identity == "NVML: Fake H200 GPU-0"


@pytest.mark.medium
@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="there is a driver here")
def test_a_host_without_a_driver_says_so(tmp_path):
    assert "NVML cannot be opened: NVMLError_LibraryNotFound" in started(tmp_path, tmp_path)

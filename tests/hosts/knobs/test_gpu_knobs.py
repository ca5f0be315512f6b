"""Power limit and clock of a GPU, set through nvidia-ml-py in a library of the test's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts.core.errors import KnobError
from hosts.knobs.base import build, describe
from tests.gpu_controls import LIMIT_MW, gpus, library_in, state
from tests.hosts.trees import RealOnTree, nvidia

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("gpu_power_w", "gpu_clock_mhz")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return gpus(tmp_path, monkeypatch)


def test_the_limit_is_set_within_its_bounds_and_put_back(machine, tmp_path):
    knob = build("gpu_power_w", machine)
    assert knob.discover() == (100, 162, 225, 288, 300, 350)
    was = knob.snapshot()
    knob.write(162)
    assert state(tmp_path) == (162_000, 0, LIMIT_MW, 0)
    knob.restore(was)
    assert state(tmp_path) == (LIMIT_MW, 0, LIMIT_MW, 0)


def test_the_clock_is_locked_to_one_that_is_supported_and_unlocked(machine, tmp_path):
    knob = build("gpu_clock_mhz", machine)
    values = knob.discover()
    assert (values[0], values[-1], len(values)) == (210, 1980, 5)
    assert all((1980 - value) % 15 == 0 for value in values)
    was = knob.snapshot()
    knob.write(210)
    assert state(tmp_path)[:2] == (LIMIT_MW, 210)
    knob.restore(was)
    assert (state(tmp_path)[1], knob.read()) == (0, 1980)


@pytest.mark.parametrize("named", ["1", "GPU-second", "1,0"])
def test_the_gpu_that_programs_see_first_is_set(machine, tmp_path, monkeypatch, named):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    build("gpu_power_w", machine).write(100)
    assert state(tmp_path) == (LIMIT_MW, 0, 100_000, 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.fault(
    group="hosts",
    fault="a GPU that this user may not set",
    seen="the knob is left out of the space: `only root may set a GPU`",
)
def test_who_may_set_it_is_said_before_anything_is_measured(machine, monkeypatch, name):
    monkeypatch.setenv("FAKE_GPU_ROOT", "0")
    with pytest.raises(KnobError, match="Insufficient Permissions; only root may set a GPU"):
        build(name, machine).discover()


@pytest.mark.parametrize(("name", "value", "now"), [(NAMES[0], 100, 250), (NAMES[1], 210, 1980)])
def test_a_gpu_that_does_not_do_as_asked_is_told(machine, monkeypatch, name, value, now):
    monkeypatch.setenv("FAKE_GPU_STUBBORN", "1")
    monkeypatch.setattr(machine, "settle", lambda: None)
    with pytest.raises(KnobError, match=f"{name}={value} asked, {now} read back"):
        build(name, machine).write(value)


@pytest.mark.parametrize("name", NAMES)
def test_no_gpu_and_no_bindings_are_said(tmp_path, monkeypatch, name):
    with pytest.raises(KnobError, match="no NVIDIA GPU"):
        build(name, RealOnTree(tmp_path)).allowed()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(KnobError, match=r"install hosts/requirements-nvml\.txt"):
        build(name, nvidia(tmp_path)).allowed()


@pytest.mark.parametrize("name", NAMES)
def test_while_no_tail_runs_nothing_binds(name):
    assert describe(name).resting((300, 100)) == 300


@pytest.mark.medium
def test_the_library_is_found_as_any_driver_s(tmp_path, monkeypatch):
    """By its name, in a program of its own."""
    library_in(tmp_path, monkeypatch)
    asked = (
        "from pathlib import Path; from hosts.knobs.base import build; import json, sys;"
        "from hosts.machine.real import RealMachine; machine = RealMachine();"
        "machine.root = Path(sys.argv[1]);"
        "print(json.dumps([build(name, machine).discover() for name in sys.argv[2:]]))"
    )
    nvidia(tmp_path)
    paths = {
        "LD_LIBRARY_PATH": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path), *NAMES],
        cwd=ROOT,
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [len(values) for values in json.loads(done.stdout)] == [6, 5]

"""One program for each mode: replaced when the mode changes, its end is noticed and said.

The delegate needs the hardware; here LiteRT's CPU interpreter stands in below that line.
"""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from hosts.coral.accelerator import Accelerator
from hosts.coral.program import CPU, PERFORMANCE
from hosts.core.errors import HostError, KnobError, ModelError
from tests.conftest import ROOT

SIZE, SCALE, ZERO = 6, 0.02, 3
IMAGE = np.linspace(-1, 1, SIZE, dtype=np.float32)


@pytest.fixture
def accelerator(whole):
    made = Accelerator(CPU)
    made.compiled[1] = whole
    yield made
    made.close()


def gone(pid: int) -> bool:
    end_s = time.monotonic() + 5
    while time.monotonic() < end_s:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_it_runs_a_head_and_says_its_quantisation(accelerator):
    accelerator.open("std")
    found = accelerator.run(1, IMAGE)
    assert found.array.dtype == np.int8
    assert (found.scale, found.zero_point) == (pytest.approx(SCALE), ZERO)
    expected = np.round(IMAGE / np.float32(SCALE)) + ZERO
    np.testing.assert_allclose(found.array[0], expected, atol=1)


def test_a_change_of_mode_replaces_the_program_and_the_same_mode_keeps_it(accelerator):
    accelerator.open("std")
    first = accelerator.pid
    accelerator.open("std")
    assert (accelerator.pid, accelerator.mode) == (first, "std")
    accelerator.open("max")
    assert accelerator.mode == "max"
    assert accelerator.pid != first
    assert gone(first)
    assert accelerator.run(1, IMAGE).array.shape == (1, SIZE)
    second = accelerator.pid
    accelerator.open("off")
    assert (accelerator.mode, accelerator.pid) == ("off", None)
    assert gone(second)


@pytest.mark.fault(
    group="agents",
    fault="the accelerator's program is killed",
    seen="`the accelerator's program ended by signal 9`",
    kept="it is opened again by the next run",
)
def test_a_program_that_dies_is_one_clear_error_and_can_be_opened_again(accelerator):
    accelerator.open("std")
    accelerator.run(1, IMAGE)
    os.kill(accelerator.pid, signal.SIGKILL)
    with pytest.raises(HostError, match="the accelerator's program ended by signal 9"):
        accelerator.run(1, IMAGE)
    assert accelerator.mode == "off"
    accelerator.open("std")
    assert accelerator.run(1, IMAGE).array.shape == (1, SIZE)


def test_it_ends_with_the_program_that_opened_it(whole):
    code = (
        "import sys; from hosts.coral.accelerator import Accelerator;"
        "a = Accelerator('cpu'); a.open('std'); print(a.pid, flush=True); sys.stdin.read()"
    )
    agent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    child = int(agent.stdout.readline())
    assert psutil.pid_exists(child)
    agent.kill()
    agent.communicate()
    assert gone(child)


@pytest.mark.parametrize("mode", PERFORMANCE)
def test_a_missing_library_is_named_with_its_package(mode):
    accelerator = Accelerator("libedgetpu-that-is-not-here.so.1")
    with pytest.raises(KnobError) as caught:
        accelerator.open(mode)
    for said in (f"edge_accelerator={mode}", "libedgetpu-that-is-not-here", "libedgetpu1-std"):
        assert said in str(caught.value)
    assert accelerator.pid is None


def test_an_unknown_mode_names_those_there_are(accelerator):
    with pytest.raises(KnobError, match="allowed: std, max"):
        accelerator.open("turbo")


def test_what_it_cannot_run_is_refused_and_it_goes_on(accelerator, tmp_path):
    accelerator.open("std")
    with pytest.raises(ModelError, match=r"split point 5 asked.*compiled heads here: 1"):
        accelerator.run(5, IMAGE)
    with pytest.raises(ModelError, match=r"an image of shape \(6,\) expected, found \(4,\)"):
        accelerator.run(1, IMAGE[:4])
    accelerator.compiled[2] = tmp_path / "broken.tflite"
    accelerator.compiled[2].write_bytes(b"no head")
    with pytest.raises(ModelError, match=r"broken\.tflite cannot be run"):
        accelerator.run(2, IMAGE)
    assert accelerator.run(1, IMAGE).array.shape == (1, SIZE)


def test_nothing_runs_while_it_is_off(accelerator):
    with pytest.raises(HostError, match="which is off"):
        accelerator.run(1, IMAGE)

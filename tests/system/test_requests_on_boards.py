"""A request on emulated hosts is one inference, as on modelled and recorded ones."""

import msgspec
import pytest

from dynasplit.core.space import Configuration
from dynasplit.online.metered import Metered, mean_of
from dynasplit.online.requests import Requests
from dynasplit.tables import RunsTable
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.recorded import RecordedTestbed
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile
from tests.judged.in_process import opened

SLOW = Configuration.of(6, cpu_mhz=600, edge_accelerator="off", cloud_gpu=True)
FAST = Configuration.of(6, cpu_mhz=1800, edge_accelerator="max", cloud_gpu=True)


@pytest.fixture(scope="module")
def quiet():
    return msgspec.structs.replace(load_profile("pi4_coral_v100"), noise=Noise())


@pytest.fixture(scope="module")
def on_boards(quiet):
    """Two windows, then requests: three with one configuration, one with another."""
    with opened(quiet) as (testbed, _):
        windows = {c: testbed.measure(c) for c in (SLOW, FAST)}
        asked = [SLOW, SLOW, SLOW, FAST]
        served = [testbed.infer(c, request=i, payload=i) for i, c in enumerate(asked)]
        return windows, served


@pytest.mark.medium
def test_it_takes_what_the_profile_and_the_recorded_run_say(quiet, on_boards):
    windows, served = on_boards
    modelled = ModelledTestbed(quiet, "vgg16")
    table = RunsTable.of(windows.values(), model="vgg16", last_split_point=22)
    recorded = RecordedTestbed(table)
    for i, own in enumerate(served):
        assert own.inferences == 1
        assert own.energy_j is None
        for other in (modelled, recorded):
            again = other.infer(own.configuration, request=i)
            assert again.latency_ms == pytest.approx(own.latency_ms, rel=0.005)
        stages_ms = (own.edge_ms, own.transfer_ms, own.cloud_ms)
        assert sum(stages_ms) == pytest.approx(own.latency_ms)


@pytest.mark.medium
def test_switching_is_no_part_of_it(on_boards):
    _, (first, again, _, other) = on_boards
    assert first.latency_ms == pytest.approx(again.latency_ms, rel=1e-6)
    assert again.switch_ms == 0
    assert other.switch_ms > other.latency_ms  # knobs, and an inference that is not counted
    assert first.switch_ms >= first.latency_ms  # windows came before


@pytest.mark.medium
def test_its_energy_is_its_configurations_share_of_what_was_metered(on_boards):
    windows, _ = on_boards
    known = {c: [window] for c, window in windows.items()}
    requests = Requests(
        RecordedTestbed(RunsTable.of(windows.values(), model="vgg16", last_split_point=22)),
        Metered(known, lambda _: pytest.fail("all are known")),
    )
    found = requests.measure(SLOW, request=0)
    assert found.energy_j == pytest.approx(windows[SLOW].energy_j)
    assert found.window_s * windows[SLOW].inferences == pytest.approx(windows[SLOW].window_s)


@pytest.mark.medium
def test_windows_keep_each_inferences_own_latency(on_boards):
    windows, _ = on_boards
    for window in windows.values():
        assert len(window.inference_ms) == min(256, window.inferences)
        assert mean_of([window]).latency_ms == pytest.approx(window.latency_ms)

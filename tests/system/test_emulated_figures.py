"""What is measured on emulated boards, against the profile and against the boards' exact integral.

Boards, meters, agents with their knobs, and the controller's evaluation of windows are the real
ones; what lies between them (SSH, gRPC) and what networks compute does not enter any figure and is
left out here.
"""

import contextlib
import statistics

import msgspec
import numpy as np
import pytest

from dynasplit.core.power_trace import Trace
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.testbed import window_times
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.energy import EnergyRules, energies_of
from hosts.codecs import Tensor
from hosts.emulation.hardware import Noise
from hosts.emulation.meter import BoardMeter
from hosts.emulation.profile import load_profile
from hosts.wire.messages import IdleOrder, KnobsOrder, RunOrder, RunReport
from hosts.wire.window_rules import WindowRules
from tests.boards import Boards, two_boards

ENERGY = EnergyRules()
RULES = WindowRules(min_window_s=ENERGY.least_window_s(0.1))
NETWORK = "vgg16"
LAST = 22


def space() -> SearchSpace:
    return SearchSpace.build(
        range(LAST + 1),
        LAST,
        [
            Knob("cpu_mhz", tuple(range(600, 1801, 200))),
            Knob("edge_accelerator", ("off", "std", "max"), "edge", "off"),
            Knob("cloud_gpu", (False, True), "cloud", False),
        ],
    )


class Heads:
    load_ms = None

    def run_batch(self, split_point, images):
        return Tensor(np.zeros((len(images), 10), np.float32))


class Tails:
    device, compile_ms = "CPU:0", None

    def run_batch(self, split_point, tensor, device):
        return np.zeros((len(tensor.array), 10), np.float32)


class Pair:
    """The agents of two boards, ordered as the testbed orders them."""

    def __init__(self, boards: Boards) -> None:
        self.boards, self.board_ns = boards, None
        self.edge, self.cloud = (boards.servers[role].board for role in ("edge", "cloud"))
        self.edge_meter, self.cloud_meter = (
            boards.servers[role].meter for role in ("edge", "cloud")
        )
        boards.load(Heads(), Tails(), np.zeros((1, 10), np.float32), LAST)
        boards.cloud.idle(IdleOrder(run="baseline", duration_s=60.0))
        idle = [w for _, w in self.cloud_meter.readings(0)]
        self.idle_w = statistics.mean(idle)

    def run(self, c: Configuration, run: str = "") -> RunReport:
        cloud = KnobsOrder(knobs={"cloud_gpu": c.cloud_gpu}, board_ns=self.board_ns)
        self.board_ns = self.boards.cloud.set_knobs(cloud).board_ns
        order = RunOrder(
            run=run or str(c),
            network=NETWORK,
            split_point=c.split_point,
            edge_accelerator=c.edge_accelerator,
            cloud_gpu=c.cloud_gpu,
            knobs={"cpu_mhz": c.cpu_mhz, "edge_accelerator": c.edge_accelerator},
            images=(0,),
            window=RULES,
            lead_out_s=0.2,
            board_ns=self.board_ns,
        )
        report = self.boards.edge.run(order)
        self.board_ns = report.board_ns
        return report

    def energies_j(self, report: RunReport) -> tuple[float, float]:
        edge = traces(self.edge_meter, window_times.edge_window_ns(report))
        cloud = traces(self.cloud_meter, window_times.cloud_window_ns(report))
        found = energies_of(report, edge, cloud, self.idle_w, ENERGY)
        return found.edge_energy_j, found.cloud_energy_j

    def exact_j(self, report: RunReport) -> tuple[float, float]:
        inside = window_times.counted(report)
        edge = self.edge.history.exact_j(*window_times.edge_window_ns(report)) / len(inside)
        tails = [(i.tail_start_ns, i.tail_end_ns) for i in inside if i.tail_start_ns is not None]
        cloud = sum(self.cloud.history.exact_j(*tail) for tail in tails) / len(inside)
        return edge, cloud


@contextlib.contextmanager
def pair_of(profile):
    with two_boards(profile) as boards:
        yield Pair(boards)


def traces(meter: BoardMeter, window_ns: tuple[int, int] | None) -> HostTraces:
    if window_ns is None:
        return HostTraces({}, ("wall",), 0.0)
    first = window_ns[0] // 100_000_000 - 3
    readings = meter.readings(first)
    times_s = np.array([(t - window_ns[0]) / 1e9 for t, _ in readings])
    trace = Trace(times_s, np.array([w for _, w in readings]), 0.1)
    return HostTraces({"wall": trace}, ("wall",), (window_ns[1] - window_ns[0]) / 1e9)


def offs(profile, configurations) -> dict[str, list[float]]:
    """Relative differences of what is measured: to the profile, and to the exact integral."""
    found: dict[str, list[float]] = {"latency": [], "energy": [], "edge": [], "cloud": []}
    with pair_of(profile) as pair:
        _compare(pair, profile, configurations, found)
    return found


def _compare(pair, profile, configurations, found) -> None:
    for c in configurations:
        report = pair.run(c)
        edge_j, cloud_j = pair.energies_j(report)
        exact_edge_j, exact_cloud_j = pair.exact_j(report)
        where = (NETWORK, c.split_point, c.cpu_mhz, c.edge_accelerator, c.cloud_gpu)
        expected_j = profile.edge_energy_j(*where) + profile.cloud_energy_j(
            NETWORK, c.split_point, c.cloud_gpu
        )
        latency_ms = window_times.stages(window_times.counted(report)).latency_ms
        found["latency"].append(latency_ms / profile.latency_ms(*where) - 1)
        found["energy"].append((edge_j + cloud_j) / expected_j - 1)
        found["edge"].append(edge_j / exact_edge_j - 1)
        if exact_cloud_j:
            found["cloud"].append(cloud_j / exact_cloud_j - 1)


@pytest.fixture(scope="module")
def vgg16():
    return load_profile("pi4_coral_v100")


def test_the_space_has_its_published_size():
    assert len(space()) == 917
    assert len(space().corners) == 7


@pytest.mark.medium
def test_over_the_grid_latency_and_energy_are_the_tables(vgg16):
    found = offs(vgg16, space().configurations)
    assert statistics.median(np.abs(found["latency"])) <= 0.02
    assert statistics.median(np.abs(found["energy"])) <= 0.02
    outliers = [d for d in found["latency"] if d > 0.05]
    assert 0 < len(outliers) < 0.05 * 917  # the assumed rate is 2 %
    assert max(found["latency"]) < 0.5


@pytest.mark.medium
def test_without_noise_and_meter_errors_they_are_the_tables_to_a_thousandth(vgg16):
    ideal = {"gain_pct": 0.0, "noise_pct": 0.0}
    quiet = msgspec.structs.replace(
        vgg16,
        noise=Noise(),
        edge=msgspec.structs.replace(
            vgg16.edge, meter=msgspec.structs.replace(vgg16.edge.meter, **ideal)
        ),
        cloud=msgspec.structs.replace(
            vgg16.cloud, meter=msgspec.structs.replace(vgg16.cloud.meter, **ideal)
        ),
    )
    found = offs(quiet, space().configurations[::9])
    assert np.abs(found["latency"]).max() < 1e-6
    assert statistics.median(np.abs(found["energy"])) < 1e-3
    assert np.abs(found["energy"]).max() < 0.01


@pytest.fixture
def pair(vgg16):
    with pair_of(vgg16) as made:
        yield made


@pytest.mark.medium
def test_every_energy_is_the_exact_integral_within_one_percent_and_the_meter_s_error(vgg16, pair):
    """The stated error of each meter is of what it reads: for the cloud mostly idle power."""
    for c in space().configurations[::7]:
        report = pair.run(c)
        (edge_j, cloud_j), (exact_edge_j, exact_cloud_j) = (
            pair.energies_j(report),
            pair.exact_j(report),
        )
        inside = window_times.counted(report)
        edge_pct = vgg16.edge.meter.gain_pct + 2 * vgg16.edge.meter.noise_pct
        assert abs(edge_j / exact_edge_j - 1) <= 0.01 + edge_pct / 100, c
        if not exact_cloud_j:
            assert cloud_j == 0.0
            continue
        at = window_times.cloud_window_ns(report)
        gross_j = pair.cloud.history.exact_j(*at) / len(inside)
        cloud_pct = vgg16.cloud.meter.gain_pct + 2 * vgg16.cloud.meter.noise_pct
        allowed_j = 0.01 * exact_cloud_j + cloud_pct / 100 * gross_j
        assert abs(cloud_j - exact_cloud_j) <= allowed_j, c

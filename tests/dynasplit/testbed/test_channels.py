"""What counts as a host's energy, and what its channels give over a window."""

import numpy as np
import pytest

from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.channels import HostTraces, check_sees_gpu, counted_channels
from dynasplit.testbed.energy import EnergyRules, energies_of
from hosts.wire.messages import Inference, RunReport
from hosts.wire.readings import Channel

RULES = EnergyRules(min_samples=5)


def channels(*names: str) -> list[Channel]:
    return [Channel(domain=n.split("_")[0], part="".join(n.split("_")[1:])) for n in names]


@pytest.mark.parametrize(
    ("there", "counted"),
    [
        ((), ()),
        (("wall",), ("wall",)),
        (("package_0", "package_1", "gpu", "wall"), ("wall",)),
        (("gpu", "board", "dram"), ("board",)),
        (("package_0", "package_1", "gpu", "dram"), ("package_0", "package_1", "gpu", "dram")),
        (("package", "core", "uncore", "psys"), ("package",)),
        (("psys", "core"), ("psys",)),
        (("board", "psys"), ("board",)),
        (("wall", "board_a", "board_b"), ("wall",)),
    ],
)
def test_the_outermost_metered_domain_counts(there, counted):
    assert counted_channels("edge", channels(*there)) == counted


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (("wall", "wall"), "edge: its meters have more than one channel wall"),
        (("package", "package", "wall"), "more than one channel package"),
        (("wall_a", "wall_b"), "wall_a, wall_b would all be its energy; allowed: one of its wall"),
        (("wall", "wall_a"), "the channels wall and wall_a, which would count wall twice"),
        (
            ("package", "package_1"),
            "channels package and package_1, which would count package twice",
        ),
        (
            ("dram", "core"),
            "none of its channels .dram, core. counts.*one is needed of: wall, board, package",
        ),
    ],
)
def test_what_would_count_twice_or_not_at_all_is_refused(there, said):
    with pytest.raises(ConfigurationError, match=said):
        counted_channels("edge", channels(*there))


@pytest.mark.parametrize("there", [(), ("wall",), ("package", "gpu"), ("gpu_0", "gpu_1")])
def test_a_gpu_that_computes_is_seen_by_what_counts_or_nothing_is_metered(there):
    check_sees_gpu("cloud", channels(*there))


@pytest.mark.parametrize("there", [("package", "dram"), ("board", "gpu"), ("psys",)])
@pytest.mark.fault(
    group="meters",
    fault="a GPU computes, and no meter that counts sees it (RAPL alone)",
    seen="`its GPU computes (cloud_gpu=True)`, what counts, what to add; nothing is measured",
)
def test_a_gpu_that_computes_unseen_is_refused(there):
    with pytest.raises(ConfigurationError, match="add the meter nvml beside rapl") as caught:
        check_sees_gpu("cloud", channels(*there))
    assert str(caught.value).startswith("cloud: its GPU computes (cloud_gpu=True), and none of")


def steady(watts: float, period_s: float = 0.1, until_s: float = 3.0) -> Trace:
    times_s = np.arange(-0.2, until_s, period_s)
    return Trace(times_s, np.full(times_s.size, watts), period_s)


def report(count: int = 20, each_ns: int = 100_000_000, tail_ns: int = 50_000_000) -> RunReport:
    """Inferences of 0.1 s, the first before the window; their tails take the second half."""
    ends = [(i * each_ns, (i + 1) * each_ns) for i in range(-1, count)]
    inside = [Inference(0, a, a + each_ns - tail_ns, b, b - tail_ns, b, 0) for a, b in ends]
    return RunReport(inferences=inside, first=1, last=count + 1, tensor_bytes=0)


def traces(counted: tuple[str, ...], **found: Trace) -> HostTraces:
    return HostTraces(found, counted, 2.0)


NONE = HostTraces({}, (), 2.0)


def test_the_counted_channel_is_the_host_s_energy_and_the_others_stand_beside_it():
    edge = traces(("wall",), wall=steady(5.0), package=steady(3.0))
    cloud = traces(("package_0", "package_1"), package_0=steady(60.0), package_1=steady(40.0))
    found = energies_of(report(), edge, cloud, 80.0, RULES)
    assert found.edge_energy_j == pytest.approx(0.5)
    assert found.cloud_energy_j == pytest.approx((200 - 80) / 20)  # idle half of the window
    assert found.energy_j == found.edge_energy_j + found.cloud_energy_j
    assert (found.edge_samples, found.cloud_samples) == (21, 21)
    assert found.channels == {
        "edge_wall_j": pytest.approx(0.5),
        "edge_package_j": pytest.approx(0.3),
        "cloud_package_0_j": pytest.approx(6.0),
        "cloud_package_1_j": pytest.approx(4.0),
    }


def test_of_one_machine_the_whole_is_known_and_no_part():
    edge = traces(("package",), package=steady(10.0))
    found = energies_of(report(), edge, NONE, None, EnergyRules(min_samples=5, one_machine=True))
    assert (found.energy_j, found.edge_energy_j) == (pytest.approx(1.0), None)
    assert found.cloud_energy_j is None


def test_without_a_meter_nothing_is_known():
    assert energies_of(report(), NONE, NONE, None, RULES) == (None,) * 5 + ({},)


def test_where_no_tail_ran_the_cloud_spent_nothing_by_definition():
    local = RunReport(
        inferences=[Inference(0, a * 10**8, a * 10**8, (a + 1) * 10**8, None, None, 0)
                    for a in range(-1, 20)],
        first=1, last=21, tensor_bytes=0,
    )  # fmt: skip
    cloud = HostTraces({}, ("wall",), 0.0)
    found = energies_of(local, traces(("wall",), wall=steady(5.0)), cloud, 80.0, RULES)
    assert (found.cloud_energy_j, found.cloud_samples) == (0.0, None)
    assert set(found.channels) == {"edge_wall_j"}


def test_a_reading_that_cannot_be_is_named_by_its_channel_and_one_beside_is_left_out():
    negative = steady(4.0)
    negative.watts[12] = -4.0
    both = traces(("package_0", "package_1"), package_0=steady(5.0), package_1=negative)
    with pytest.raises(WindowInvalid, match=r"channel package_1: a negative power, -4 W at"):
        energies_of(report(), both, NONE, None, RULES)
    with pytest.raises(WindowInvalid, match=r"channel package_1: a negative power"):
        both.means_w()
    beside = traces(("wall",), wall=steady(5.0), package=negative)
    assert set(energies_of(report(), beside, NONE, None, RULES).channels) == {"edge_wall_j"}


@pytest.mark.parametrize("poor", [steady(3.0, period_s=1.0), steady(3.0, until_s=1.0)])
def test_only_a_channel_that_counts_fails_a_window_for_lack_of_samples(poor):
    beside = traces(("wall",), wall=steady(5.0), package=poor)
    assert set(energies_of(report(), beside, NONE, None, RULES).channels) == {"edge_wall_j"}
    counted = traces(("package",), package=poor)
    with pytest.raises(WindowInvalid):
        energies_of(report(), counted, NONE, None, RULES)

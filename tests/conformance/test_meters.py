"""What every meter must do. A new file in hosts/meters is found, and needs a place here.

The meters are the real ones: on trees as the kernel makes them, instruments that are simulated at
their sockets, a plug's HTTP server, NVIDIA's library as a fake; the board's on an emulated board.
Time is told by the test, so nothing waits.
"""

import itertools
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hosts.core.errors import MeterError, WireError
from hosts.emulation import calls
from hosts.emulation.client import open_board
from hosts.meters._counter import spent_j
from hosts.meters._polling import poll
from hosts.meters.base import Meter, build, names
from hosts.wire.readings import (
    Channel,
    header_line,
    read_header,
    read_reading,
    reading_line,
)
from tests.fake_nvml import fake_nvml
from tests.gpm import GPM_RESOURCE, simulated_gpm
from tests.hosts.meters.test_hwmon import INA219
from tests.hosts.meters.test_hwmon import tree as hwmon_tree
from tests.polling_clock import Clock
from tests.powercap import Powercap
from tests.scpi import ScpiInstrument
from tests.shelly import Plug


def gpm(folder: Path, **said: str) -> Any:
    options = {"resource": GPM_RESOURCE, "backend": f"{simulated_gpm(folder, **said)}@sim"}
    return build("gpm8213", options)


def gpm_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    return gpm(folder), Clock(), 17.688


def wt310_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    instrument = ScpiInstrument("YOKOGAWA,WT310,C2QF1,F1.03", rate=None)
    request.addfinalizer(instrument.close)
    return build("wt310", {"resource": instrument.resource}), Clock(), 17.688


def nvml_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    clock = fake_nvml(folder, request.getfixturevalue("monkeypatch"), tells="instant")
    return build("nvml", {}), clock, 121.0


def hwmon_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    return build("hwmon", {"root": str(hwmon_tree(folder, INA219))}), Clock(), 3.06


def shelly_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    plug = Plug()
    request.addfinalizer(plug.close)
    return build("shelly", {"address": plug.address}), Clock(), 8.9


def external_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    path = folder / "lines.csv"
    path.write_text("")
    due_s = itertools.count(6.0)
    next_s = [next(due_s)]

    def write(until_s: float) -> None:
        if until_s >= next_s[0]:
            next_s[0] = next(due_s)
            with path.open("a") as file:
                file.write(f"{until_s:.6f},5.5\n")

    clock = Clock(write)
    meter: Any = build("external", {"at": str(path), "error_pct": 1.0})
    meter.wall_ns = clock.now_ns
    return meter, clock, 5.5


def rapl_meter(folder: Path, request: pytest.FixtureRequest, *more_w: float) -> Any:
    watts = (10.0, *more_w)
    tree = Powercap(folder, *watts, wraps_at_uj=2_500_000)  # every few readings
    return build("rapl", {"root": str(folder)}), Clock(tree.spend), *watts


def rapl_of_two(folder: Path, request: pytest.FixtureRequest) -> Any:
    return rapl_meter(folder, request, 4.0)


def estimate_meter(folder: Path, request: pytest.FixtureRequest) -> Any:
    stat = folder / "proc/stat"
    stat.parent.mkdir()

    def work(until_s: float) -> None:  # one of two CPUs is half busy
        stat.write_text(stat_of(round(50 * until_s), 0))

    work(0)
    meter = build("estimate", {"core_w": 4.0, "idle_w": 1.5, "root": str(folder)})
    return meter, Clock(work), 3.5


def stat_of(*busy_ticks: int) -> str:
    """What the kernel tells of CPUs that have been busy for so long, half of it in the system."""
    lines = [f"cpu{i} {t - t // 2} 0 {t // 2} 900 7 0 0 50 9 9" for i, t in enumerate(busy_ticks)]
    return "\n".join(["cpu  1 2 3 4 5 6 7 8 9 10", *lines, "intr 5", ""])


PLACES = {
    "estimate": estimate_meter,
    "external": external_meter,
    "gpm8213": gpm_meter,
    "hwmon": hwmon_meter,
    "nvml": nvml_meter,
    "rapl": rapl_meter,
    "shelly": shelly_meter,
    "wt310": wt310_meter,
}
"""Each makes a meter, its clock, and the powers that it has to find."""


class Metered(NamedTuple):
    """A meter, and the powers that it has to find."""

    meter: Meter
    watts: tuple[float, ...]


@pytest.fixture(params=[*PLACES, "board", "rapl of two packages"])
def metered(request, tmp_path) -> Metered:
    if request.param == "board":
        request.getfixturevalue("board_host")
        board = open_board()
        board.ask(calls.Rest(until_ns=3_000_000_000))
        exact_j = board.ask(calls.Exact(start_ns=0, end_ns=3_000_000_000)).joules
        return Metered(build("board", {}), (exact_j / 3,))
    make = PLACES.get(request.param, rapl_of_two)
    meter, clock, *watts = make(tmp_path, request)
    meter.clock = clock
    return Metered(meter, tuple(watts))


def taken(meter: Meter, count: int) -> list:
    return list(itertools.islice(itertools.chain.from_iterable(meter.readings()), count))


def test_every_meter_has_a_place_here():
    assert names() == sorted([*PLACES, "board"])


class TestMeter:
    def test_its_header_survives_the_wire_and_says_channels_and_error(self, metered):
        header = metered.meter.header("name")
        assert read_header(header_line(header)) == header
        assert header.meter == "name"
        assert header.period_s > 0
        assert header.error_pct > 0
        assert header.identity
        channels = [channel.name for channel in header.channels]
        assert len(set(channels)) == len(channels) == len(metered.watts)

    def test_its_readings_survive_the_wire_and_ascend_by_its_period(self, metered):
        readings = taken(metered.meter, 12)
        times_ns = [time_ns for time_ns, _ in readings]
        steps_s = [(b - a) / 1e9 for a, b in itertools.pairwise(times_ns)]
        assert steps_s == pytest.approx([metered.meter.period_s] * 11, rel=1e-3)
        for time_ns, watts in readings:
            said = read_reading(reading_line(time_ns, watts), len(watts))
            assert said == (time_ns, pytest.approx(watts, rel=1e-5))

    def test_it_finds_the_power_of_each_channel(self, metered):
        _, *readings = taken(metered.meter, 13)  # the first period may be a short one
        for place, expected_w in enumerate(metered.watts):
            for _, watts in readings:
                assert watts[place] == pytest.approx(expected_w, rel=0.01)


class TestCounter:
    WRAPS = Channel(domain="package", quantity="energy", wraps_at_j=10.0)

    @pytest.mark.parametrize(("was_j", "now_j", "spent"), [(1, 9, 8), (9, 1, 2), (3, 3, 0)])
    def test_it_is_unwrapped_at_its_maximum(self, was_j, now_j, spent):
        assert spent_j(self.WRAPS, was_j, now_j) == pytest.approx(spent)

    def test_one_that_falls_without_wrapping_was_set_back_and_says_nothing(self):
        assert spent_j(Channel(domain="gpu", quantity="energy"), 9.0, 1.0) is None

    def test_a_power_needs_both_of_its_ends(self):
        values = iter([[1.0], [2.0], [None], [4.0], [6.0]])
        readings = poll([self.WRAPS], lambda: next(values), 0.5, Clock())
        (first,), (second,) = next(readings), next(readings)
        assert [first[1], second[1]] == [
            (pytest.approx(2.0, rel=1e-4),),
            (pytest.approx(4.0, rel=1e-4),),
        ]
        assert (second[0] - first[0]) / 1e9 == pytest.approx(1.5, rel=1e-4)


def test_powers_and_counters_of_one_meter_are_stamped_as_of_their_own_time():
    channels = [Channel(domain="gpu", quantity="energy"), Channel(domain="board")]
    values = iter([[0.0, 30.0], [1.0, 31.0]])
    readings = poll(channels, lambda: next(values), 0.1, Clock())
    (first,), (mean, second) = next(readings), next(readings)
    assert (first[1], second[1]) == ((None, 30.0), (None, 31.0))
    assert mean[1] == (pytest.approx(10.0, rel=1e-3), None)
    assert mean[0] == (first[0] + second[0]) // 2


def test_a_meter_that_gives_another_number_of_values_is_refused():
    with pytest.raises(MeterError, match="2 values read; 1 expected, one for each of: wall"):
        next(poll([Channel(domain="wall")], lambda: [1.0, 2.0], 0.1, Clock()))


@pytest.mark.parametrize(("domain", "part"), [("Wall", ""), ("", ""), ("wall", "a b")])
def test_a_channel_s_name_is_a_word(domain, part):
    with pytest.raises(MeterError, match="small letters"):
        Channel(domain=domain, part=part)


def test_an_absent_value_is_no_zero_on_the_wire():
    assert reading_line(7, (1.5, None)) == "7 1.5 -"
    assert read_reading("7 1.5 -", 2) == (7, (1.5, None))
    for line, channels in (("7", 1), ("7 1.5", 2), ("x 1.5", 1), ("7 volts", 1)):
        with pytest.raises(WireError, match="expected of a meter"):
            read_reading(line, channels)


def test_a_header_of_an_older_program_is_refused_in_words():
    with pytest.raises(WireError, match="meter's header expected"):
        read_header('{"meter": "rapl", "identity": "x", "period_s": 1, "error_pct": 1}')


def test_an_unknown_meter_names_those_there_are():
    with pytest.raises(
        MeterError,
        match="there are: board, estimate, external, gpm8213, hwmon, nvml, rapl, shelly, wt310",
    ):
        build("thermometer", {})


def test_wrong_options_are_named():
    with pytest.raises(MeterError, match="'rapl' with options"):
        build("rapl", {"colour": "red"})


def test_every_meter_takes_the_most_that_can_be_drawn(tmp_path):
    Powercap(tmp_path, 1.0)
    assert build("rapl", {"root": str(tmp_path), "max_w": 65}).header("rapl").max_w == 65
    for strange in (0, -1.0, True, "65"):
        with pytest.raises(MeterError, match=r"max_w=.*; allowed: a power above 0 W"):
            build("rapl", {"root": str(tmp_path), "max_w": strange})


def test_the_board_s_meter_needs_a_board(monkeypatch):
    monkeypatch.delenv("DYNASPLIT_BOARD", raising=False)
    with pytest.raises(MeterError, match="no emulated board"):
        build("board", {})


def test_gpm_nan_is_no_value_never_zero(tmp_path, monkeypatch):
    meter = gpm(tmp_path, value="NAN")
    meter.clock = Clock()
    asked, real = itertools.count(), meter.read
    monkeypatch.setattr(meter, "read", lambda: [5.0] if next(asked) >= 3 else real())
    assert [watts for _, watts in next(meter.readings())] == [(5.0,)]
    assert next(asked) == 4


def test_another_instrument_is_refused(tmp_path):
    with pytest.raises(MeterError, match="found 'ACME,9000'"):
        gpm(tmp_path, identity="ACME,9000")


def test_gpm_refuses_an_answer_that_is_no_number(tmp_path):
    with pytest.raises(MeterError, match=r"a power expected of GWInstek.*found 'ERR'"):
        gpm(tmp_path, value="ERR").read()


def test_a_host_without_rapl_says_so(tmp_path):
    with pytest.raises(MeterError, match="matches nothing on this host"):
        build("rapl", {"root": str(tmp_path)})

"""Several meters on one host: whose period counts, and whose readings are waited for."""

import pytest

from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.host_meters import HostMeters
from hosts.wire.readings import Channel, MeterHeader
from tests.dynasplit.testbed.test_channels import steady


class Stream:
    """A meter whose readings are there, or do not come."""

    def __init__(self, domain: str, period_s: float, trace: Trace | None) -> None:
        self.header = MeterHeader(
            meter=domain,
            identity=f"the {domain} meter",
            channels=(Channel(domain=domain),),
            period_s=period_s,
            error_pct=1.0,
            emulated=False,
        )
        self.channels = (domain,)
        self.found, self.waited_s = trace, 0.0

    def trace(self, channel: str, start_ns: int, end_ns: int, timeout_s: float) -> Trace:
        self.waited_s = timeout_s
        if self.found is None:
            raise WindowInvalid("it did not cover the window")
        return self.found


def test_the_counted_meter_sets_the_period_and_is_waited_for():
    wall, slow = Stream("wall", 0.1, steady(5.0)), Stream("package", 2.0, None)
    meters = HostMeters("edge", [wall, slow])
    assert (meters.counted, meters.period_s) == (("wall",), 0.1)
    assert meters.identity == "the wall meter; the package meter"
    found = meters.traces(0, 2_000_000_000)
    assert (set(found.traces), found.length_s) == ({"wall"}, 2.0)
    assert (wall.waited_s, slow.waited_s) == (20.0, 5.0)


def test_a_counted_meter_without_readings_fails_the_window():
    meters = HostMeters("edge", [Stream("wall", 0.1, None), Stream("gpu", 0.1, steady(1.0))])
    with pytest.raises(WindowInvalid):
        meters.traces(0, 2_000_000_000)


def test_a_host_without_a_meter_has_no_channels():
    meters = HostMeters("edge", [])
    assert (meters.counted, meters.period_s, meters.identity) == ((), 0.0, None)
    assert meters.traces(0, 1_000_000_000).total({}) is None


def test_a_load_goes_on_until_averages_see_no_other():
    plain, averaging = Stream("package", 0.1, None), Stream("gpu", 0.1, None)
    assert HostMeters("edge", [plain]).lead_out_s == 0.2
    averaging.header.averaging_s, averaging.header.delay_s = 1.0, 0.5
    meters = HostMeters("edge", [plain, averaging])
    assert meters.lead_out_s == pytest.approx(0.6)
    averaging.found = plain.found = steady(1.0)
    meters.traces(0, 2_000_000_000)
    assert (plain.waited_s, averaging.waited_s) == (20.0, 21.0)
    assert HostMeters("edge", []).lead_out_s == 0.0


def test_two_meters_of_the_same_are_refused_by_the_name_of_the_host():
    walls = [Stream("wall", 0.1, None), Stream("wall", 1.0, None)]
    with pytest.raises(ConfigurationError, match=r"edge host a:22: .* more than one channel wall"):
        HostMeters("edge host a:22", walls)


def test_an_instrument_that_is_asked_out_of_step_wants_a_load_before_its_window():
    asked, board = Stream("wall", 0.1, None), Stream("wall", 0.1, None)
    assert HostMeters("edge", [asked]).lead_in_s == pytest.approx(0.2)
    asked.header.averaging_s = 0.25
    assert HostMeters("edge", [asked]).lead_in_s == pytest.approx(0.35)
    board.header.emulated = True
    assert HostMeters("edge", [board]).lead_in_s == HostMeters("edge", []).lead_in_s == 0.0

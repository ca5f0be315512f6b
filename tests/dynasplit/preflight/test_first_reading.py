"""The first reading of a meter: which of its channels must give one."""

import pytest

from dynasplit.preflight import first_reading
from dynasplit.testbed.address import MeterSpec
from hosts.wire.readings import Channel, MeterHeader


class Stream:
    """A meter of some domains, some of which give a value."""

    def __init__(self, values_w, *domains):
        self.channels, self.values_w, self.failure = domains, values_w, None
        self.header = MeterHeader(
            meter="rapl",
            identity="RAPL",
            channels=tuple(Channel(domain=domain) for domain in domains),
            period_s=0.1,
            error_pct=5.0,
            emulated=False,
        )

    def first_values_w(self, timeout_s, awaited):
        self.awaited = list(awaited)
        return self.values_w

    def close(self):
        pass


@pytest.mark.parametrize(
    ("values_w", "domains", "awaited", "verdict"),
    [
        ({"package": 9.0}, ("package", "uncore"), ["package"], "ok"),
        ({"uncore": 0.5}, ("package", "uncore"), ["package"], "error"),
        ({}, ("uncore",), ["uncore"], "error"),
        ({"package": 9.0, "gpu": 80.0}, ("package", "gpu"), ["package", "gpu"], "ok"),
    ],
)
def test_a_channel_that_never_counts_may_be_silent(
    monkeypatch, values_w, domains, awaited, verdict
):
    stream = Stream(values_w, *domains)
    monkeypatch.setattr(first_reading, "MeterStream", lambda *_: stream)
    assert first_reading.check("edge", None, MeterSpec("rapl"), "").verdict == verdict
    assert stream.awaited == awaited

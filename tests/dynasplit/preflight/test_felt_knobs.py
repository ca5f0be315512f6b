"""A knob is believed by the time of a loop, not by its files."""

import pytest

from dynasplit.preflight import felt_knobs
from hosts.wire.messages import KnobsSet
from hosts.wire.preflight import Looped, Restored

VALUES = (600, 1200, 1800)


class Host:
    """An edge whose loop takes as long as a frequency of its own says."""

    run = "test"

    def __init__(self, true_mhz, unlike=None, disturbed=0):
        self.mhz, self._true_mhz = 600, true_mhz
        self._unlike, self._disturbed = unlike or {}, disturbed
        self.asked = []

    def ask(self, _role, name, order, _kind, _timeout_s=60.0):
        self.asked.append(name)
        if name == "Knobs":
            self.mhz = order.knobs.get("cpu_mhz", self.mhz)
            return KnobsSet(knobs={"cpu_mhz": self.mhz}, allowed={"cpu_mhz": VALUES})
        if name == "Restore":
            return Restored(unlike=self._unlike)
        took_s = order.iterations * 60e-6 / self._true_mhz(self.mhz)
        if self.asked.count("Loop") == 2 and self._disturbed:
            took_s *= self._disturbed
        beside = 2 if self.mhz == VALUES[0] else 1  # others run beside two of three slow loops
        return Looped(durations_s=(beside * took_s, 3 * took_s, took_s))


def found(host):
    return list(felt_knobs.check(host, "edge"))


def test_time_that_follows_the_frequency_is_believed():
    host = Host(lambda mhz: mhz)
    (one,) = found(host)
    assert one.verdict == "ok"
    assert "600 and 1800 MHz set, read back, put back" in one.found
    assert "3.00 times as long" in one.found
    assert host.asked[-1] == "Restore"


@pytest.mark.parametrize(
    ("true_mhz", "words"),
    [
        (lambda mhz: 1800, "the files say 600 MHz, the loop takes as long as at 1800 MHz"),
        (lambda mhz: 600, "the files say 600 MHz, the loop takes as long as at 1800 MHz"),
        (lambda mhz: max(mhz, 1200), "as long as at 1200 MHz (1.50 times as long, 3.00"),
        (lambda mhz: mhz if mhz > 600 else 300, "the loop is slower than that against 600 MHz"),
    ],
)
def test_a_lying_frequency_is_refused_with_what_it_takes_as_long_as(true_mhz, words):
    (one,) = found(Host(true_mhz))
    assert one.verdict == "error"
    assert words in one.found
    assert "hosts.edge.knobs" in one.advice


def test_a_passing_disturbance_is_measured_again():
    host = Host(lambda mhz: mhz, disturbed=1.6)
    (one,) = found(host)
    assert one.verdict == "ok"
    assert host.asked.count("Loop") == 5


def test_a_knob_that_is_not_as_it_was_is_an_error():
    unlike = {"cpu_mhz": "scaling_governor was ondemand, is userspace"}
    last = found(Host(lambda mhz: mhz, unlike))[-1]
    assert last.verdict == "error"
    assert "scaling_governor was ondemand, is userspace" in last.found

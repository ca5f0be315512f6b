"""GW Instek's and Yokogawa's wall meters, on instruments that are simulated at their socket."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from hosts.core.errors import MeterError
from hosts.meters.base import build
from hosts.wire.readings import header_line, read_header
from tests.polling_clock import Clock
from tests.scpi import ScpiInstrument

IDENTITIES = {
    "gpm8213": "GWInstek,GPM-8310,GEX1,V1.03",
    "wt310": "YOKOGAWA,WT310,C2QF1,F1.03",
}


@pytest.fixture(params=IDENTITIES)
def kind(request) -> str:
    return request.param


@pytest.fixture
def instrument(kind) -> Iterator[ScpiInstrument]:
    made = ScpiInstrument(IDENTITIES[kind])
    yield made
    made.close()


def meter(kind: str, instrument: ScpiInstrument, **options: Any) -> Any:
    found: Any = build(kind, {"resource": instrument.resource, **options})
    found.clock = Clock()
    return found


def test_it_states_rate_and_both_parts_of_its_error(kind, instrument):
    header = meter(kind, instrument).header(kind)
    range_pct = {"gpm8213": 0.1, "wt310": 0.2}[kind]
    assert (header.period_s, header.averaging_s, header.error_pct) == (0.1, 0.1, 0.1)
    assert header.error_range_w == pytest.approx(range_pct / 100 * 150)  # 300 V, .5 A
    item = {"gpm8213": "P", "wt310": "P,1"}[kind]
    assert f":NUMERIC:NORMAL:ITEM1 {item}" in instrument.told


@pytest.mark.parametrize(
    ("said", "updates_s"), [("250MS", 0.25), ("1S", 1.0), (":RATE 2.0E+00", 2.0), ("AUTO", None)]
)
def test_its_update_rate_is_asked_in_its_words(kind, instrument, said, updates_s):
    instrument.rate = said
    found = meter(kind, instrument)
    assert found.updates_s == updates_s
    assert found.header(kind).period_s == (updates_s or 0.1)


def test_its_update_rate_is_set_and_read_back(kind, instrument):
    instrument.rate = "1S"
    assert meter(kind, instrument, update_s=0.25).updates_s == 0.25
    assert ":RATE 250MS" in instrument.told
    with pytest.raises(MeterError, match=r"update_s=0\.3 asked; allowed: 0\.1, 0\.25, 0\.5, 1, 2"):
        meter(kind, instrument, update_s=0.3)
    instrument.takes_rate = False
    with pytest.raises(MeterError, match=r"was told to update each 0\.5 s; it says 0\.25 s"):
        meter(kind, instrument, update_s=0.5)


@pytest.mark.parametrize("said", ["NAN", "INF", "-INF", "9.91E+37", "9.9E+37"])
def test_no_value_and_over_range_are_no_value(kind, instrument, said):
    found = meter(kind, instrument)
    assert found.read() == [17.688]
    instrument.value = said
    assert found.read() == [None]


def test_the_integrator_is_a_counter_of_energy(kind, instrument):
    found = meter(kind, instrument, quantity="energy")
    assert [(c.name, c.quantity) for c in found.channels] == [("wall", "energy")]
    assert [t for t in instrument.told if t.startswith(":INTEG")][-1] == ":INTEG:STAR"
    item = {"gpm8213": "WHP", "wt310": "WH,1"}[kind]
    assert f":NUMERIC:NORMAL:ITEM1 {item}" in instrument.told

    def drawn(until_s: float) -> None:  # 18 W, told to .1 mWh each 100 ms
        instrument.value = f"{round(18 / 3600 * (until_s // 0.1 / 10 - 5), 4):.4E}"

    drawn(5.0)
    found.clock = Clock(drawn)
    watts = [w for ((_, (w,)),) in itertools.islice(found.readings(), 20)]
    assert sum(watts) / len(watts) == pytest.approx(18, rel=0.02)


def test_an_8213_is_asked_nothing_that_it_may_not_know():
    instrument = ScpiInstrument("GWInstek,GPM-8213,1,V1.05", rate=None)
    header = meter("gpm8213", instrument).header("gpm8213")
    assert (header.error_pct, header.error_range_w, header.averaging_s) == (0.2, None, None)
    ranged = meter("gpm8213", instrument, range_w=150.0).header("gpm8213")
    assert (ranged.error_pct, ranged.error_range_w) == (0.1, pytest.approx(0.15))
    with pytest.raises(MeterError, match=r"quantity=energy asked of .*8213.*no integrator"):
        meter("gpm8213", instrument, quantity="energy")
    instrument.close()


@pytest.mark.medium
def test_a_question_that_it_does_not_know_leaves_what_follows_right(kind, instrument):
    instrument.rate = None
    instrument.ranges = {}
    found = meter(kind, instrument)
    assert (found.updates_s, found.error_range_w, found.read()) == (None, None, [17.688])


def test_begun_anew_it_is_the_same_meter(kind, instrument):
    options = {"update_s": 0.25, "quantity": "energy", "max_w": 60.0}
    headers = [meter(kind, instrument, **options).header(kind) for _ in range(2)]
    assert headers[0] == headers[1]
    assert read_header(header_line(headers[0])) == headers[0]


def test_another_instrument_is_named(kind, instrument):
    other = next(name for name in IDENTITIES if name != kind)
    with pytest.raises(MeterError, match=f"asked at TCPIP.*, found '{IDENTITIES[kind]}'"):
        meter(other, instrument)

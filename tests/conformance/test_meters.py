"""What every meter must do. A new file in hosts/meters is found, and needs a place here."""

import itertools
import time
from pathlib import Path

import pytest

from hosts.core.errors import MeterError
from hosts.emulation import calls
from hosts.emulation.client import open_board
from hosts.meters.base import build, names
from hosts.wire.readings import header_line, read_header, read_reading, reading_line

SIMULATED_GPM = """
spec: "1.1"
devices:
  gpm:
    eom:
      TCPIP SOCKET:
        q: "\\r\\n"
        r: "\\r\\n"
    error: ERROR
    dialogues:
      - q: "*IDN?"
        r: "{identity}"
      - q: ":NUMERIC:NORMAL:NUMBER 1"
      - q: ":NUMERIC:NORMAL:ITEM1 P"
      - q: ":NUMERIC:NORMAL:VALUE?"
        r: "{value}"
resources:
  TCPIP::localhost::23::SOCKET:
    device: gpm
"""


def gpm(folder: Path, value: str = "17.688E+00", identity: str = "GWInstek,GPM-8213,1,V1.05"):
    definition = folder / "gpm.yaml"
    definition.write_text(SIMULATED_GPM.format(value=value, identity=identity))
    return build(
        "gpm8213",
        {
            "resource": "TCPIP::localhost::23::SOCKET",
            "period_s": 0.01,
            "backend": f"{definition}@sim",
        },
    )


def rapl_tree(root: Path, uj: int = 5_000_000) -> Path:
    zone = root / "sys/class/powercap/intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "max_energy_range_uj").write_text("10000000")
    (zone / "energy_uj").write_text(str(uj))
    return zone


@pytest.fixture(params=["board", "gpm8213", "rapl"])
def meter(request, tmp_path):
    if request.param == "board":
        request.getfixturevalue("board_host")
        open_board().ask(calls.Rest(until_ns=3_000_000_000))
        return build("board", {})
    if request.param == "gpm8213":
        return gpm(tmp_path)
    rapl_tree(tmp_path)
    return build("rapl", {"root": str(tmp_path), "period_s": 0.01})


def test_every_meter_has_a_place_here(request):
    assert names() == ["board", "gpm8213", "rapl"]


class TestMeter:
    def test_its_header_survives_the_wire_and_says_its_error(self, meter):
        header = meter.header()
        assert read_header(header_line(header)) == header
        assert header.period_s > 0
        assert header.error_pct > 0
        assert header.identity

    def test_its_readings_ascend_and_are_watts(self, meter):
        readings = list(itertools.islice(itertools.chain.from_iterable(meter.readings()), 3))
        times_ns = [t for t, _ in readings]
        assert times_ns == sorted(set(times_ns))
        assert all(0 <= watts < 5000 for _, watts in readings)
        assert all(read_reading(reading_line(t, w))[0] == t for t, w in readings)


def test_an_unknown_meter_names_those_there_are():
    with pytest.raises(MeterError, match="there are: board, gpm8213, rapl"):
        build("thermometer", {})


def test_wrong_options_are_named():
    with pytest.raises(MeterError, match="'rapl' with options"):
        build("rapl", {"colour": "red"})


def test_the_board_s_meter_needs_a_board(monkeypatch):
    monkeypatch.delenv("DYNASPLIT_BOARD", raising=False)
    with pytest.raises(MeterError, match="no emulated board"):
        build("board", {})


def test_gpm_reads_active_power(tmp_path):
    ((_, watts),) = next(gpm(tmp_path).readings())
    assert watts == 17.688


def test_gpm_nan_is_no_value_never_zero(tmp_path, monkeypatch):
    meter = gpm(tmp_path, value="NAN")
    asked = itertools.count()
    real = meter._ask_w

    def ask_w() -> float:
        return 5.0 if next(asked) >= 3 else real()

    monkeypatch.setattr(meter, "_ask_w", ask_w)
    assert [w for _, w in next(meter.readings())] == [5.0]
    assert next(asked) == 4


def test_another_instrument_is_refused(tmp_path):
    with pytest.raises(MeterError, match="found 'ACME,9000'"):
        gpm(tmp_path, identity="ACME,9000")


def test_rapl_unwraps_its_counter(tmp_path):
    rapl_tree(tmp_path)
    meter = build("rapl", {"root": str(tmp_path)})
    assert meter.spent_j([9_000_000], [1_000_000]) == pytest.approx(2.0)
    assert meter.spent_j([1_000_000], [9_000_000]) == pytest.approx(8.0)


def test_rapl_reads_the_difference_over_the_period(tmp_path):
    zone = rapl_tree(tmp_path)
    meter = build("rapl", {"root": str(tmp_path), "period_s": 0.05})
    readings = meter.readings()
    assert next(readings)[0][1] == 0.0
    before_s = time.monotonic()
    (zone / "energy_uj").write_text("6000000")
    ((_, watts),) = next(readings)
    assert watts == pytest.approx(1.0 / (time.monotonic() - before_s), rel=0.5)


def test_a_host_without_rapl_says_so(tmp_path):
    with pytest.raises(MeterError, match="matches nothing on this host"):
        build("rapl", {"root": str(tmp_path)})

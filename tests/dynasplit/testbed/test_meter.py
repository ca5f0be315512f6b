"""Meter programs over SSH that fail: one line, begun anew, and given up in words."""

import contextlib
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from dynasplit.core.errors import ConnectionLost, HostProgramFailed, WindowInvalid
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.meter import STARTS, MeterStream
from dynasplit.testbed.programs import push_programs
from tests.gpm import Instrument

pytestmark = pytest.mark.medium
LATE_S = 10.0


@pytest.fixture(scope="module")
def host():
    with loopback_hosts(HostAddress(), HostAddress()) as both:
        connection = HostConnection(both[0])
        yield connection
        connection.close()


@pytest.fixture
def instrument() -> Iterator[Instrument]:
    made = Instrument()
    yield made
    made.close()


@pytest.fixture
def stream(host, instrument, tmp_path) -> Iterator[MeterStream]:
    made = MeterStream(host, spec_of(instrument), push_programs(host), tmp_path / "log")
    yield made
    made.close()


def spec_of(instrument: Instrument) -> MeterSpec:
    return MeterSpec("gpm8213", {"resource": instrument.resource, "period_s": 0.05})


def window(stream: MeterStream, timeout_s: float = LATE_S):
    """The trace of a window of a fifth of a second from now on."""
    start_ns = time.monotonic_ns() + 100_000_000
    return stream.trace("wall", start_ns, start_ns + 200_000_000, timeout_s)


def failure(stream: MeterStream) -> str:
    with pytest.raises(WindowInvalid) as caught:
        window(stream)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.fault(
    group="meters",
    fault="a meter that hangs up",
    seen="nothing: it is begun anew at the next window",
    kept="windows that were covered",
)
def test_an_instrument_that_hangs_up_is_opened_again(stream, instrument, tmp_path):
    assert window(stream).watts == pytest.approx(17.688)
    for _ in range(STARTS + 1):  # a good window between two failures: it is never given up
        instrument.hang_up()
        assert "was asked for its power and did not answer" in failure(stream)
        stream.make_ready()
        assert window(stream).watts == pytest.approx(17.688)
    assert "| Traceback" in (tmp_path / "log").read_text()


@pytest.mark.fault(
    group="meters",
    fault="a meter program that is stopped, and says nothing",
    seen="`did not cover the window: it has been silent for ...`; it is begun anew",
)
def test_a_program_that_falls_silent_is_begun_anew(stream):
    assert window(stream).watts == pytest.approx(17.688)
    (program,) = meter_programs()
    program.suspend()
    try:
        with pytest.raises(WindowInvalid, match="did not cover the window: it has been silent for"):
            window(stream, 1.0)
        stream.make_ready()
        assert window(stream).watts == pytest.approx(17.688)
        assert not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            program.kill()


def meter_programs() -> list[psutil.Process]:
    every = psutil.Process().children(recursive=True)
    return [p for p in every if p.name().startswith("python") and "meter_stream" in words_of(p)]


def words_of(process: psutil.Process) -> str:
    return " ".join(process.cmdline()[1:4])


@pytest.mark.fault(
    group="meters",
    fault="a meter that times out",
    seen="one line, `it has ended: ...`; it is begun anew",
)
def test_one_time_out_is_one_line_and_the_meter_is_asked_again(stream, instrument):
    window(stream)
    instrument.value = None
    told = failure(stream)
    assert "it has ended: GWInstek,GPM-8213,1,V1.05 at TCPIP::127.0.0.1::" in told
    assert "VI_ERROR_TMO" in told
    assert "Traceback" not in told
    instrument.value = b"5.0"
    stream.make_ready()
    assert window(stream).watts == pytest.approx(5.0)


def test_an_answer_that_is_no_text_is_one_line(stream, instrument):
    instrument.value = b"\xff\xfe"
    assert "it has ended: GWInstek" in failure(stream)


@pytest.mark.fault(
    group="meters",
    fault="a meter that stays away",
    seen="after three starts in vain `no meter answers at ...`",
)
def test_a_meter_that_stays_away_is_given_up_in_words(stream, instrument):
    window(stream)
    instrument.close()
    failure(stream)
    for _ in range(STARTS):
        with pytest.raises(WindowInvalid, match=r"did not start: no meter answers at TCPIP"):
            stream.make_ready()
    for _ in range(2):
        with pytest.raises(HostProgramFailed, match=rf"begun anew {STARTS} times .*no meter"):
            stream.make_ready()
        stream.allow_start()  # time has passed: once more
        with pytest.raises(WindowInvalid, match=r"did not start: no meter answers at TCPIP"):
            stream.make_ready()


@pytest.mark.fault(
    group="meters",
    fault="another instrument in a meter's place",
    seen="which one was there and which one is",
)
def test_another_instrument_in_its_place_is_refused(stream, instrument):
    instrument.identity = b"GWInstek,GPM-8310,2,V1.00"
    instrument.hang_up()
    failure(stream)
    with pytest.raises(HostProgramFailed, match=r"was 'GWInstek,GPM-8213.* it is .*GPM-8310"):
        stream.make_ready()


def test_what_was_covered_before_the_end_is_not_lost(stream, instrument):
    start_ns = time.monotonic_ns()
    end_ns = start_ns + 100_000_000
    stream.trace("wall", start_ns, end_ns, LATE_S)
    instrument.hang_up()
    failure(stream)
    assert stream.trace("wall", start_ns, end_ns, LATE_S).watts == pytest.approx(17.688)


def test_a_window_s_trace_is_the_same_whenever_it_is_asked_for(stream):
    start_ns = time.monotonic_ns() + 100_000_000
    asked = start_ns, start_ns + 200_000_000
    first = stream.trace("wall", *asked, LATE_S)
    time.sleep(0.15)  # by then there are readings beyond its end
    again = stream.trace("wall", *asked, LATE_S)
    assert len(first.times_s) == len(again.times_s)
    assert first.times_s[-2] < 0.2 <= first.times_s[-1]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("\\377\\376\\n", "a meter's header expected, found"),
        ("hello\\n", "a meter's header expected, found 'hello"),
        (
            '{"protocol": 2, "meter": "x", "identity": "x", "channels": [{"domain": "wall"}], '
            '"period_s": 1, "error_pct": 1, "emulated": false}\\n',
            "protocol version 2 found",
        ),
        (
            '{"meter": "x", "identity": "x", "channels": [{"domain": "A B"}], '
            '"period_s": 1, "error_pct": 1, "emulated": false}\\n',
            "small letters",
        ),
    ],
    ids=["no UTF-8", "no JSON", "another version", "a channel without a name"],
)
@pytest.mark.fault(
    group="meters",
    fault="a meter whose first line is none",
    seen="one line: `a meter's header expected, found ...`",
)
def test_a_bad_header_is_one_line(host, tmp_path, says, told):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nprintf '{says}'\ncat >/dev/null\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "dynasplit.testbed.meter.python_of", lambda *_: f"exec {program}", raising=True
        )
        with pytest.raises(HostProgramFailed, match=told) as caught:
            MeterStream(host, MeterSpec("x"), "/nowhere")
    assert str(caught.value).startswith("meter 'x' on ")
    assert "\n" not in str(caught.value)


def test_a_connection_that_ends_while_a_meter_starts_is_told_as_such(tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -9 $PPID\n")  # the SSH server's
    program.chmod(0o755)
    monkeypatch.setattr("dynasplit.testbed.meter.python_of", lambda *_: f"exec {program}")
    with loopback_hosts(HostAddress(), HostAddress()) as (edge, _):
        connection = HostConnection(edge)
        with (
            contextlib.closing(connection),
            pytest.raises(ConnectionLost, match="SSH connection has ended"),
        ):
            MeterStream(connection, MeterSpec("x"), "/nowhere")


@pytest.mark.fault(
    group="meters",
    fault="an error of a meter's library",
    seen="one line with its class and words",
)
def test_whatever_a_meter_s_library_raises_is_one_line(host, tmp_path, monkeypatch):
    extension = tmp_path / "extension/meters"
    extension.mkdir(parents=True)
    (extension / "odd.py").write_text(
        "from hosts.meters.base import PolledMeter\n"
        "from hosts.wire.readings import Channel\n"
        "class Odd(PolledMeter):\n"
        "    channels = (Channel(domain='wall'),)\n"
        "    identity, error_pct = 'an odd one', 1.0\n"
        "    def read(self):\n"
        "        raise BrokenPipeError('the library\\nis gone')\n"
        "def build(sick=False):\n"
        "    if sick:\n"
        "        raise LookupError('no driver')\n"
        "    return Odd()\n"
    )
    command = f"cd / && PYTHONPATH={push_programs(host)} DYNASPLIT_EXTENSIONS={extension.parent}"
    monkeypatch.setattr(
        "dynasplit.testbed.meter.python_of", lambda *_: f"{command} {sys.executable}"
    )
    stream = MeterStream(host, MeterSpec("odd"), "")
    assert "'odd' gives no more readings: BrokenPipeError: the library is gone" in failure(stream)
    for options, told in (
        ({"sick": True}, r"cannot be opened: LookupError: no driver"),
        ({"colour": "red"}, r"unexpected keyword argument 'colour'; allowed: sick"),
    ):
        with pytest.raises(HostProgramFailed, match=told):
            MeterStream(host, MeterSpec("odd", options), "")

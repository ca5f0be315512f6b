"""Lines that another program writes, to real files and sockets."""

import itertools
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from hosts.core.errors import MeterError
from hosts.meters.base import build
from tests.polling_clock import Clock

AHEAD_NS = 1_800_000_000 * 10**9  # of the wall clock, of the monotonic one


def meter(at: str | Path, clock: Clock | None = None, **options: Any) -> Any:
    made: Any = build("external", {"at": str(at), "error_pct": 1.0, **options})
    made.clock = clock or Clock()
    made.wall_ns = lambda: made.clock.now_ns() + AHEAD_NS
    return made


def taken(found: Any, count: int) -> list:
    """The readings; times in s of the monotonic clock."""
    batches = itertools.islice(found.readings(), count)
    return [(round(at_ns / 1e9, 2), watts) for ((at_ns, watts),) in batches]


def wall(seconds: float) -> str:
    return f"{AHEAD_NS / 1e9 + seconds:.3f}"


class Writer:
    """Writes the next lines each time that the meter waits."""

    def __init__(self, path: Path, *pieces: str) -> None:
        self.path, self.pieces = path, iter(pieces)
        path.write_text(f"{wall(1)},99\n")  # from before: not a reading of now

    def __call__(self, until_s: float) -> None:
        with self.path.open("a") as file:
            file.write(next(self.pieces))


def test_lines_of_a_file_are_read_from_now_on(tmp_path):
    path = tmp_path / "lines.csv"
    pieces = f"{wall(7)},5.5\n# a word\n{wall(8)},6.", f"5\n{wall(9)},nan\n\n", f"{wall(10)},7\n"
    clock = Clock(Writer(path, *pieces))
    assert taken(meter(path, clock), 3) == [(7.0, (5.5,)), (8.0, (6.5,)), (10.0, (7.0,))]


def test_a_file_that_is_begun_anew_is_followed(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text("")

    def anew(until_s: float) -> None:
        if path.stat().st_size == 0:
            other = tmp_path / "other"
            other.write_text(f"time,watts\n{wall(7)},5\n")
            other.replace(path)

    assert taken(meter(path, Clock(anew)), 1) == [(7.0, (5.0,))]


def served(server: socket.socket, text: str) -> None:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(text.encode())

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_lines_of_a_socket_are_read_until_it_is_closed(tmp_path, kind):
    if kind == "unix":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / "s"))
        server.listen()
        at = str(tmp_path / "s")
    else:
        server = socket.create_server(("127.0.0.1", 0))
        at = f"127.0.0.1:{server.getsockname()[1]}"
    with server:
        served(server, f"time,a,b\n{wall(7)},5,\n{wall(8)},,80.5\n")
        readings = meter(at, channels="package_0,gpu").readings()
        assert [next(readings)[0][1] for _ in range(2)] == [(5.0, None), (None, 80.5)]
        with pytest.raises(MeterError, match="was closed by the program that writes to it"):
            next(readings)


def test_delay_and_averaging_are_taken_off_the_time(tmp_path):
    path = tmp_path / "lines.csv"
    clock = Clock(Writer(path, f"{wall(7)},5\n"))
    found = meter(path, clock, averaging_s=1.0, delay_s=2.0, error_range_w=0.1)
    assert taken(found, 1) == [(4.5, (5.0,))]
    header = found.header("external")
    assert (header.averaging_s, header.delay_s, header.error_range_w) == (1.0, 2.0, 0.1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("now,5", r"unix_time_s,watts\[,watts...\] expected, found 'now,5'"),
        ("7,five", "expected, found '7,five'"),
        ("inf,5", "expected, found 'inf,5'"),
        ("7,5,6", r"2 value\(s\) found in '7,5,6'; expected one for each of wall"),
        ("7", r"0 value\(s\) found"),
    ],
)
def test_another_line_is_refused(tmp_path, line, told):
    path = tmp_path / "lines.csv"
    clock = Clock(Writer(path, f"{wall(7)},5\n{line}\n"))
    readings = meter(path, clock).readings()
    next(readings)
    with pytest.raises(MeterError, match=told):
        next(readings)


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(
        MeterError, match=r"lines\.csv cannot be read: .*does the program that writes"
    ):
        meter(tmp_path / "lines.csv")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(
        MeterError, match=f"no program listens at 127.0.0.1:{port}: ConnectionRefused"
    ):
        meter(f"127.0.0.1:{port}")

"""The meter program: prints a header and then readings, until its standard input closes.

python -m hosts.agents.meter_stream board
python -m hosts.agents.meter_stream gpm8213 '{"resource": "ASRL/dev/ttyACM0::INSTR"}'
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Iterator

import msgspec

from hosts.core.errors import HostError, MeterError, log_traceback, one_line
from hosts.meters.base import Meter, Option, build, names
from hosts.wire.readings import Reading, header_line, reading_line


def main() -> int:
    """Stream readings; returns the exit code."""
    parser = argparse.ArgumentParser(description="Print times and watts, a value a channel.")
    parser.add_argument("meter", help=f"one of: {', '.join(names())}")
    parser.add_argument("options", nargs="?", default="{}", help="its options, as JSON")
    arguments = parser.parse_args()
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        options = _options(arguments.options)
        meter = build(arguments.meter, options)
        print(header_line(meter.header(arguments.meter)), flush=True)
        for batch in _readings(meter, arguments.meter):
            print("\n".join(reading_line(*reading) for reading in batch), flush=True)
    except BrokenPipeError:
        return 0
    except HostError as error:
        return _failed(error)
    return 0


def _readings(meter: Meter, name: str) -> Iterator[list[Reading]]:
    """A meter's readings; whatever its library raises becomes a MeterError."""
    try:
        yield from meter.readings()
    except HostError:
        raise
    except Exception as error:
        raise MeterError(f"meter {name!r} gives no more readings: {one_line(error)}") from error


def _failed(error: HostError) -> int:
    """Say in a line what has failed, after the traceback of what a library raised."""
    if error.__cause__ is not None:
        log_traceback(error.__cause__)
    print(one_line(error), file=sys.stderr, flush=True)
    return 1


def _options(text: str) -> dict[str, Option]:
    try:
        return msgspec.json.decode(text, type=dict[str, Option])
    except msgspec.MsgspecError as error:
        raise MeterError(f"a meter's options expected as JSON, found {text!r}: {error}") from error


def _end_with_input() -> None:
    """The SSH channel closes standard input when the controller ends, however it ends."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    code = main()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)  # the thread that waits for standard input must not keep it alive

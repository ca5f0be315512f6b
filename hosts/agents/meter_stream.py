"""The meter program: prints a header and then readings, until its standard input closes.

python -m hosts.agents.meter_stream board
python -m hosts.agents.meter_stream gpm8213 '{"resource": "ASRL/dev/ttyACM0::INSTR"}'
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

import msgspec

from hosts.core.errors import HostError
from hosts.meters.base import Option, build, names
from hosts.wire.readings import header_line, reading_line


def main() -> int:
    """Stream readings; returns the exit code."""
    parser = argparse.ArgumentParser(description="Print times and watts, a value a channel.")
    parser.add_argument("meter", help=f"one of: {', '.join(names())}")
    parser.add_argument("options", nargs="?", default="{}", help="its options, as JSON")
    arguments = parser.parse_args()
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        options = msgspec.json.decode(arguments.options, type=dict[str, Option])
        meter = build(arguments.meter, options)
        print(header_line(meter.header(arguments.meter)), flush=True)
        for batch in meter.readings():
            print("\n".join(reading_line(*reading) for reading in batch), flush=True)
    except (HostError, msgspec.MsgspecError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return 0


def _end_with_input() -> None:
    """The SSH channel closes standard input when the controller ends, however it ends."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())

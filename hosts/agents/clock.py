"""Tells this machine's clock, that of agents and meters, at each line that it is given.

python -m hosts.agents.clock
"""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Answer with nanoseconds, until standard input closes."""
    while sys.stdin.readline():
        print(time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    main()

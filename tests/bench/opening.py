"""Prints how long it takes from nothing to hosts that can measure, over OpenSSH on loopback.

    python -m tests.bench.opening

Both hosts are this machine, which has fewer CPUs for two than a lab has. Programs and network are
there already, as from the second run on.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.lab import open_hosts
from hosts.models.prepare.prepare import PrepareOrder, prepare
from tests.gpm import Instrument
from tests.openssh import OpenSshServer

TIMES = 5


def main() -> None:
    """Measure and print."""
    manifest = prepare(PrepareOrder("digits_cnn", images=12), lambda _text: None)
    told = msgspec.json.encode(manifest)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        servers = [OpenSshServer(Path(folder) / role) for role in ("edge", "cloud")]
        meters = [Instrument(), Instrument()]
        for server, meter in zip(servers, meters, strict=True):
            stack.callback(server.close)
            stack.callback(meter.close)
        edge, cloud = (_with_meter(s.address, m) for s, m in zip(servers, meters, strict=True))
        spent_s = []
        for _ in range(TIMES + 1):  # the first one pushes the programs
            began_s = time.monotonic()
            with open_hosts(edge, cloud, manifest, told, Path(folder)):
                spent_s.append(time.monotonic() - began_s)
    told_s = " ".join(f"{s:.1f}" for s in spent_s[1:])
    print(f"open two hosts, meters started, digits_cnn loaded: {told_s} s")
    print(f"median {statistics.median(spent_s[1:]):.1f} s of {TIMES}; the first {spent_s[0]:.1f} s")


def _with_meter(address: HostAddress, meter: Instrument) -> HostAddress:
    return replace(address, meters=(MeterSpec("gpm8213", {"resource": meter.resource}),))


if __name__ == "__main__":
    main()

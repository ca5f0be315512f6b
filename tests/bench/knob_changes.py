"""Prints how long a verified change of frequency takes, through an agent over OpenSSH on loopback.

    python -m tests.bench.knob_changes

The agent sets a real file and reads it back; an emulated board answers as a kernel would.
"""

from __future__ import annotations

import getpass
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.lab import Host
from hosts.wire import messages
from tests.openssh import keygen
from tests.openssh_boards import OpenSshHost

CHANGES = 200


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        server = OpenSshHost("edge", folder / "edge", keygen(folder / "client_key"))
        (folder / "known_hosts").write_text(server.known)
        address = HostAddress(
            address="127.0.0.1",
            port=server.port,
            user=getpass.getuser(),
            key_file=str(folder / "client_key"),
            known_hosts=str(folder / "known_hosts"),
            python=sys.executable,
            heeds_ssh_config=False,
            knobs=("cpu_mhz",),
        )
        host = Host("edge", address, make_credentials("edge")["edge"], folder)
        try:
            host.start_agent()
            changing = [took_ms(host, mhz) for _ in range(CHANGES // 2) for mhz in (600, 1800)]
            staying = [took_ms(host, 1800) for _ in range(CHANGES)]
        finally:
            host.close()
            server.close()
    for what, found in (("a change of frequency", changing), ("nothing to change", staying)):
        low, median, high = statistics.quantiles(found, n=4)
        print(f"{what}: median {median:.1f} ms of {len(found)} (quartiles {low:.1f}, {high:.1f})")


def took_ms(host: Host, mhz: int) -> float:
    """How long the agent took to set a frequency, and to find it set."""
    began_s = time.perf_counter()
    order = messages.KnobsOrder(knobs={"cpu_mhz": mhz})
    told = host.agent.call("Knobs", order, messages.KnobsSet, 10.0)
    spent_ms = 1e3 * (time.perf_counter() - began_s)
    assert told.knobs["cpu_mhz"] == mhz
    return spent_ms


if __name__ == "__main__":
    main()

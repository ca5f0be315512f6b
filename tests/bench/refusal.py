"""Prints how soon a controller is refused that wants a host in use, over OpenSSH on loopback.

    python -m tests.bench.refusal

Both hosts are this machine; another controller's agent holds the cloud host. From the first packet
to the error, in the quick look that each experiment on own hosts begins with, and where agents are
started.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dynasplit.core.errors import HostBusy
from dynasplit.preflight.quick import quick_part
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.lab import Host
from tests.bench.commands import told
from tests.openssh import OpenSshServer

TIMES = 5
BAR_S = 2


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        logs = Path(folder)
        servers = []
        for role in ("edge", "cloud"):
            own_state = f'SetEnv DYNASPLIT_STATE="{folder}/{role}/state"'
            servers.append(OpenSshServer(logs / role, settings=own_state))
            stack.callback(servers[-1].close)
        edge, cloud = (server.address for server in servers)

        def host() -> Host:
            made = Host("cloud", cloud, make_credentials("cloud")["cloud"], logs)
            stack.callback(made.close)
            return made

        host().start_agent()
        looked_s = max(refused_s(lambda: quick_part(edge, cloud)) for _ in range(TIMES))
        started_s = max(refused_s(host().start_agent) for _ in range(TIMES))
    told("a host in use is refused, at the first look", looked_s, BAR_S)
    told("a host in use is refused, at the start", started_s, BAR_S)


def refused_s(work: Callable[[], object]) -> float:
    """How long it takes to be refused, in s."""
    before_s = time.perf_counter()
    try:
        work()
    except HostBusy:
        return time.perf_counter() - before_s
    raise AssertionError("a host in use was not refused")


if __name__ == "__main__":
    main()

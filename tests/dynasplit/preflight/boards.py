"""Two emulated hosts, started once, that many preflights look at; faults are put into them."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from dynasplit.preflight.findings import Finding
from dynasplit.preflight.two_hosts import ROLES, TwoHosts
from dynasplit.preflight.under_load import LoadedNetwork, under_load
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.lab import open_hosts
from dynasplit.testbed.loopback import loopback_hosts
from hosts.models.prepare.prepare import PrepareOrder, prepare

Fault = dict[str, str | float]

SWAPPED: Fault = {"fault": "swapped_meter"}
SHARED: Fault = {"fault": "shared_meter"}
FROZEN: Fault = {"fault": "frozen_meter"}


def lagging(lag_s: float) -> Fault:
    return {"fault": "lagging_meter", "lag_s": lag_s}


def lying(mhz: float) -> Fault:
    return {"fault": "lying_frequency", "mhz": mhz}


class Preflights:
    """One preflight after the other on hosts that stay up."""

    def __init__(self, edge, cloud, network: LoadedNetwork) -> None:
        self._hosts = (edge, cloud)
        self._network = network

    def findings(self, seed: int) -> list[Finding]:
        """All that one preflight finds under load; emulated noise depends on the seed."""
        hosts = TwoHosts(*self._hosts, run=f"trial {seed}")
        for role in ROLES:
            hosts.now_ns(role)  # so that both boards begin at one time
        return under_load(hosts, self._network)


@contextlib.contextmanager
def boards(
    edge: Sequence[Fault] = (), cloud: Sequence[Fault] = (), *, profile: str = "quick"
) -> Iterator[Preflights]:
    """Emulated hosts, with faults of each."""
    manifest = prepare(PrepareOrder("digits_cnn", images=12), print)
    with np.load(manifest.artifacts["images"].path, allow_pickle=False) as images:
        references = [int(c) for c in images["reference_top1"]]
    network = LoadedNetwork("digits_cnn", manifest.last_split_point, references)
    with tempfile.TemporaryDirectory() as folder:
        meters = (MeterSpec("board"),)
        addresses = (
            HostAddress(knobs=("cpu_mhz", "edge_accelerator"), meters=meters),
            HostAddress(knobs=("cloud_gpu",), meters=meters),
        )
        faults = [{"host": "edge", **f} for f in edge] + [{"host": "cloud", **f} for f in cloud]
        with (
            loopback_hosts(*addresses, profile=profile, faults=faults) as both,
            open_hosts(*both, manifest, msgspec.json.encode(manifest), Path(folder)) as hosts,
        ):
            yield Preflights(*hosts, network)


def wrong(findings: list[Finding]) -> dict[tuple[str, str], str]:
    """What is not as it should be, by host and check."""
    return {(f.host, f.check): f.found for f in findings if f.verdict != "ok"}

"""Opens a testbed over SSH as a whole: hosts of `lab.py`, idle baseline, put back at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dynasplit.core.errors import MeasurementError
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.lab import open_hosts
from dynasplit.testbed.quality import Qualities
from dynasplit.testbed.ssh import SshTestbed
from hosts.models.prepared.manifest import Manifest
from hosts.wire.window_rules import WindowRules


@contextlib.contextmanager
def ssh_testbed(
    edge: HostAddress,
    cloud: HostAddress,
    manifest: Manifest,
    rules: WindowRules,
    energy: EnergyRules,
    run_folder: Path,
    gates: GateRules = GateRules(),
) -> Iterator[SshTestbed]:
    """Two hosts made ready, their idle baseline measured; all is put back at the end.

    Args:
        edge: where the edge is, with its knobs and meters.
        cloud: likewise.
        manifest: the prepared network.
        rules: what a window must hold.
        energy: how energy is counted.
        run_folder: agents' logs and traces go to its `logs` and `traces`.
        gates: what windows and baselines must pass.
    """
    import numpy as np

    logs, traces = run_folder / "logs", run_folder / "traces"
    for folder in (logs, traces):
        folder.mkdir(parents=True, exist_ok=True)
    with np.load(manifest.artifacts["images"].path, allow_pickle=False) as images:
        references = [int(c) for c in images["reference_top1"]]
        labels = [int(c) for c in images["labels"]] if "labels" in images else None
    with open_hosts(edge, cloud, manifest, msgspec.json.encode(manifest), logs) as hosts:
        testbed = SshTestbed(
            edge=hosts[0],
            cloud=hosts[1],
            network=manifest.network,
            last_split_point=manifest.last_split_point,
            rules=rules,
            energy=energy,
            qualities=Qualities(references, labels if manifest.quality == "accuracy" else None),
            traces=traces,
            gates=gates,
            folder=run_folder,
        )
        testbed.measure_baseline()
        yield testbed
        if energy.baseline_every is not None:
            with contextlib.suppress(MeasurementError):  # it is told in the file of baselines
                testbed.measure_baseline()

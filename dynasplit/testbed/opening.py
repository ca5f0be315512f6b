"""Opens the testbed of two hosts: made ready, idle baseline measured, put back at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.lab import CompileHead, open_hosts
from dynasplit.testbed.quality import Qualities
from dynasplit.testbed.ssh import SshTestbed
from dynasplit.testbed.window import WindowRules
from hosts.models.runtime.manifest import Manifest


@contextlib.contextmanager
def ssh_testbed(
    edge: HostAddress,
    cloud: HostAddress,
    manifest: Manifest,
    manifest_json: bytes,
    rules: WindowRules,
    run_folder: Path,
    *,
    keep_traces: bool = True,
    compile_head: CompileHead | None = None,
) -> Iterator[SshTestbed]:
    """Two hosts made ready, their idle baseline measured; all is put back at the end.

    Args:
        edge: where the edge is, with its knobs and meter.
        cloud: likewise.
        manifest: the prepared network.
        manifest_json: the same as JSON.
        rules: what a window must hold.
        run_folder: agents' logs and traces go to its `logs` and `traces`.
        keep_traces: whether the traces are kept.
        compile_head: makes heads for the edge's accelerator; None: they cannot be made.
    """
    import numpy as np

    logs, traces = run_folder / "logs", run_folder / "traces"
    for folder in (logs, traces):
        folder.mkdir(parents=True, exist_ok=True)
    with np.load(manifest.artifacts["images"].path, allow_pickle=False) as images:
        references = [int(c) for c in images["reference_top1"]]
        labels = [int(c) for c in images["labels"]] if "labels" in images else None
    with open_hosts(edge, cloud, manifest, manifest_json, logs) as hosts:
        hosts[0].compile_head = compile_head
        testbed = SshTestbed(
            edge=hosts[0],
            cloud=hosts[1],
            network=manifest.network,
            last_split_point=manifest.last_split_point,
            rules=rules,
            qualities=Qualities(references, labels if manifest.quality == "accuracy" else None),
            traces=traces if keep_traces else None,
        )
        testbed.measure_baseline()
        yield testbed

"""A small network really computed: on the edge alone, and split, on each device of the cloud."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dynasplit.core.errors import DynaSplitError
from dynasplit.preflight.findings import Finding, failed, ok, warning
from dynasplit.preflight.two_hosts import TwoHosts
from dynasplit.testbed.reported import check_report
from hosts.knobs.base import Value, describe
from hosts.wire.messages import KnobsOrder, KnobsSet, RunOrder, RunReport
from hosts.wire.packed import PackedReport, unpack
from hosts.wire.window_rules import WindowRules

_IMAGES = 5
_RUN_S = 60.0  # a GPU's first call compiles
_NO_GPU = (
    "is the runtime's build for GPUs there (hosts/requirements-cloud-gpu.txt, -jax-gpu, -onnx-gpu; "
    "+experiment=provision installs it), and the driver new enough for it? Else leave cloud_gpu "
    "out of hosts.cloud.knobs"
)
_RULES = WindowRules(warmup=2, min_inferences=2 * _IMAGES, min_window_s=0.0)


def check(
    hosts: TwoHosts, network: str, last_split_point: int, references: Sequence[int]
) -> Iterator[Finding]:
    """Run edge-only, then split; compare the classes with the unsplit network's.

    Args:
        hosts: with the network loaded.
        network: its name.
        last_split_point: its last one.
        references: each image's class by the unsplit network.
    """
    middle = max(1, last_split_point // 2)
    places = [("edge", last_split_point, False)]
    knobs = hosts.ask("cloud", "Knobs", KnobsOrder(knobs={}), KnobsSet)
    for gpu in knobs.allowed.get("cloud_gpu", (False,)):
        places.append(("cloud", middle, bool(gpu)))
    for role, split_point, gpu in places:
        try:
            if role == "cloud" and knobs.allowed.get("cloud_gpu"):
                hosts.ask("cloud", "Knobs", KnobsOrder(knobs={"cloud_gpu": gpu}), KnobsSet)
            report = _run(hosts, network, split_point, gpu)
        except DynaSplitError as why:
            found = failed(role, "inference", why)
            yield replace(found, advice=_NO_GPU) if gpu else found
            continue
        yield _judged(role, report, references)


def _run(hosts: TwoHosts, network: str, split_point: int, gpu: bool) -> RunReport:
    order = RunOrder(
        run=f"{hosts.run}|inference|{split_point}|{gpu}",
        network=network,
        split_point=split_point,
        edge_accelerator="off",
        cloud_gpu=gpu,
        knobs=_idle(hosts),
        images=tuple(range(_IMAGES)),
        window=_RULES,
        lead_out_s=0.0,
    )
    report = unpack(hosts.ask("edge", "Run", order, PackedReport, _RUN_S))
    check_report(report, order)
    return report


def _idle(hosts: TwoHosts) -> dict[str, Value]:
    """The edge's knobs that have an idle value, such as an accelerator: LiteRT computes alone."""
    idle = {name: describe(name).idle for name in hosts.edge.address.knobs}
    return {name: value for name, value in idle.items() if value is not None}


def _judged(role: str, report: RunReport, references: Sequence[int]) -> Finding:
    ran = report.ran
    device = "GPU" if (ran.cloud_device or "").startswith("GPU") else "CPU"
    runtime = ran.edge_runtime if role == "edge" else f"{ran.cloud_runtime} on the {device}"
    inside = report.inferences[report.first : report.last]
    right = sum(one.top1 == references[one.image] for one in inside)
    times_ms = [
        (one.end_ns - one.start_ns) / 1e6
        if one.tail_end_ns is None or one.tail_start_ns is None or role == "edge"
        else (one.tail_end_ns - one.tail_start_ns) / 1e6
        for one in inside
    ]
    found = (
        f"{runtime} computes, {statistics.median(times_ms):.2f} ms; {right} of {len(inside)} "
        "outputs as the unsplit network's"
    )
    if right < len(inside):
        return warning(role, "inference", found, "compare the host's package versions")
    return ok(role, "inference", found)

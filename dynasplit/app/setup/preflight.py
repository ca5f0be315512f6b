"""A preflight of a kind of hosts: its quick part alone, or all of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from dynasplit.app.cli.findings_table import counted, findings_table
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.prepare_model import prepared
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.app.setup.trial import try_formats
from dynasplit.core.errors import PreflightFailed, ResultsError, TestbedError
from dynasplit.preflight.findings import BOTH, Finding, by_verdict, error, errors, failed, ok
from dynasplit.run.identity import identity_of
from dynasplit.run.run_folder import open_run_folder
from hosts.models.prepared.manifest import Manifest

if TYPE_CHECKING:  # what logs in is imported where hosts are looked at
    from dynasplit.preflight.quick import QuickPart

_FILE = "preflight.json"


def look_first(hosts: HostsKind, terminal: Terminal, *, show_all: bool = False) -> None:
    """Before an experiment: the quick part, for hosts that are looked at first.

    Args:
        hosts: the kind.
        terminal: shows what is not as it should be.
        show_all: shows the other checks too.

    Raises:
        PreflightFailed: all that is wrong.
    """
    if not hosts.is_looked_at_first:
        return
    from dynasplit.preflight.quick import quick_part

    with terminal.during("Looking at the hosts"), hosts.up(None, Path()) as both:
        found = quick_part(*both, one_machine=hosts.is_one_machine).findings
    shown = [one for one in found if show_all or one.verdict != "ok"]
    if shown:
        terminal.console.print(findings_table(shown, "The hosts at a quick look"))
    _refuse(found)


def preflight(
    hosts: HostsKind, record: RecordInputs, terminal: Terminal, *, quick_only: bool = False
) -> None:
    """All checks of two hosts: one table, and `preflight.json` in the results.

    Args:
        hosts: the kind.
        record: where results are kept.
        terminal: shows the table.
        quick_only: nothing is set or loaded.

    Raises:
        PreflightFailed: all that is wrong.
    """
    identity = identity_of(record.configuration, files=record.files)
    with (
        open_run_folder(
            record.results_dir,
            record.experiment,
            identity,
            resume=False,
            configuration=record.configuration,
        ) as folder,
        recorded(record, folder, terminal) as recorder,
    ):
        started_s = time.monotonic()
        findings = _findings(hosts, folder.path, terminal, quick_only)
        findings.append(_of_results(folder.path))
        took_s = time.monotonic() - started_s
        title = f"Preflight: {counted(findings)}, in {took_s:.0f} s"
        terminal.console.print(findings_table(findings, title))
        _write(folder.path / _FILE, findings)
        recorder.table("findings", [asdict(one) for one in findings])
        recorder.summary({"preflight": {v: len(same) for v, same in by_verdict(findings).items()}})
        recorder.describe(f"{title}.")
        folder.finish()
        terminal.say(f"Results: {folder.path / _FILE}")
    _refuse(findings)


def _findings(
    hosts: HostsKind, folder: Path, terminal: Terminal, quick_only: bool
) -> list[Finding]:
    from dynasplit.preflight.quick import quick_part

    network, inputs = None, None
    if hosts.is_answered_by_profile:
        network = prepared(hosts.order, hosts.config.model.label, terminal)
        inputs = hosts.inputs(network, terminal.say)
    with hosts.up(inputs, folder) as (edge, cloud):
        started_s = time.monotonic()
        with terminal.during("Login, files and one reading"):
            quick = quick_part(edge, cloud, one_machine=hosts.is_one_machine)
        _tell_quick(quick, terminal, time.monotonic() - started_s)
        if quick_only:
            return quick.findings
        if not (quick.edge.is_usable and quick.cloud.is_usable):
            why = "knobs, runtimes, link and meters under load: not checked yet"
            return [*quick.findings, error(BOTH, "under load", why, "mend the errors above first")]
        if network is None:
            network = prepared(hosts.order, hosts.config.model.label, terminal)
        with terminal.during("Knobs, runtimes, link and meters under load, for about a minute"):
            return quick.findings + _loaded(hosts, quick, network, folder)


def _tell_quick(quick: QuickPart, terminal: Terminal, took_s: float) -> None:
    """The list of the quick part, as soon as it is there."""
    terminal.say(f"Login, files and one reading, in {took_s:.1f} s: {counted(quick.findings)}")
    for one in quick.findings:
        if one.verdict != "ok":
            advice = f"; {one.advice}" if one.advice else ""
            terminal.say(f"  {one.verdict}: {one.host}, {one.check}: {one.found}{advice}")


def _loaded(hosts: HostsKind, quick: QuickPart, manifest: Manifest, folder: Path) -> list[Finding]:
    """The second part, with the knobs and meters that the first one found usable."""
    from dynasplit.preflight.two_hosts import TwoHosts
    from dynasplit.preflight.under_load import LoadedNetwork, under_load
    from dynasplit.testbed.lab import open_hosts

    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    with np.load(manifest.artifacts["images"].path, allow_pickle=False) as images:
        references = [int(c) for c in images["reference_top1"]]
    network = LoadedNetwork(manifest.network, manifest.last_split_point, references)
    addresses = (quick.edge.usable_address, quick.cloud.usable_address)
    findings: list[Finding] = []
    try:
        as_json = msgspec.json.encode(manifest)
        opened = open_hosts(*addresses, manifest, as_json, logs, tries_link=False)
        with opened as (edge, cloud):
            findings += under_load(
                TwoHosts(edge, cloud, run=f"preflight {hosts.config.seed}"),
                network,
                one_machine=hosts.is_one_machine or quick.is_one_machine,
            )
    except TestbedError as why:
        findings.append(failed(BOTH, "agents", why))
        notes = getattr(why, "__notes__", ())
        findings += [error(BOTH, "agents", note, "put it back by hand") for note in notes]
    return findings


def _of_results(folder: Path) -> Finding:
    """Every format of the results, tried on this machine."""
    try:
        try_formats(folder)
    except ResultsError as why:
        return failed("controller", "results", why)
    return ok("controller", "results", f"each format can be written in {folder.parent}")


def _write(path: Path, findings: list[Finding]) -> None:
    told = msgspec.json.format(msgspec.json.encode({"findings": findings}), indent=1)
    try:
        path.write_bytes(told)
    except OSError as why:
        raise ResultsError(f"{path} cannot be written: {why}") from why


def _refuse(findings: list[Finding]) -> None:
    if found := errors(findings):
        told = "; ".join(f"{one.host}, {one.check}: {one.found}" for one in found)
        count = "1 check" if len(found) == 1 else f"{len(found)} checks"
        raise PreflightFailed(f"the hosts cannot measure so, {count} of them failed: {told}")

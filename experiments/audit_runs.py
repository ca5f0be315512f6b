"""Audits a table of runs: flags the rows that contradict others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.runs_plans import check_runs, results_folder
from dynasplit.audit import CHECKS, Finding, audit_table
from dynasplit.audit.tables import contradicted
from dynasplit.config.schema import Config
from dynasplit.core.provenance import PROVENANCE
from dynasplit.figures import draw_audit_figure
from dynasplit.tables import RunsTable, write_runs


def check(config: Config) -> None:
    """Refuse a table that cannot be read."""
    check_runs(config.name, config.runs)


def run(config: Config) -> None:
    """Audit the table; write `audit.json`, a figure, and on request a cleaned table.

    Raises:
        DynaSplitError: the table cannot be read, or the results not be written.
    """
    runs = check_runs(config.name, config.runs)
    findings = audit_table(runs)
    record = record_inputs(config)
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, runs.source) as recorder,
    ):
        told = {"runs": str(config.runs), "rows_audited": len(runs), "checks": CHECKS}
        write_json(folder.path / "audit.json", told | {"rows": [asdict(f) for f in findings]})
        draw_audit_figure(
            folder.path / "audit.png", len(runs), runs.source, findings, "\n".join(runs.told)
        )
        _tell(runs, findings, terminal)
        counts = Counter(f.check for f in findings)
        recorder.summary({"audit": {"rows": len(runs), "doubtful": len(findings), **counts}})
        recorder.table("findings", [asdict(f) for f in findings])
        recorder.describe(
            f"{len(findings)} contradictions in {len(runs)} runs of {config.runs}.\n\n"
            "![audit](audit.png)"
        )
        if config.audit.clean:
            left_out = contradicted(findings)
            kept = [m for i, m in enumerate(runs.measurements) if i not in left_out]
            write_runs(
                folder.path / "cleaned.parquet",
                kept,
                model=runs.model or "network",
                last_split_point=runs.last_split_point,
            )
            terminal.say(f"cleaned.parquet has {len(kept)} rows; left out: {sorted(left_out)}")
        terminal.say(f"Results: {folder.path}")


def _tell(runs: RunsTable, findings: Sequence[Finding], terminal: Terminal) -> None:
    terminal.say(f"{len(runs)} runs of {len(runs.configurations)} configurations")
    if runs.source not in ("measured", "recorded"):
        terminal.say(f"  {PROVENANCE[runs.source]}")
    for name, count in Counter(f.check for f in findings).most_common():
        serious = sum(f.check == name and f.severity == "high" for f in findings)
        terminal.say(f"  {name:<12} {count} rows, {serious} of them serious: {CHECKS[name]}")
    if not findings:
        terminal.say("  nothing doubtful")

"""The findings of a preflight as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from dynasplit.preflight.findings import Finding

_STYLES: Mapping[str, str] = {"ok": "green", "warning": "yellow", "error": "bold red"}
_HOSTS = ("edge", "cloud", "both", "controller")


def findings_table(findings: Sequence[Finding], title: str) -> Table:
    """A row for each finding, host by host."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("host", "check"):
        table.add_column(column, no_wrap=column == "host")
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold", ratio=3)
    table.add_column("what to do", overflow="fold", ratio=2)
    for one in sorted(findings, key=lambda finding: _HOSTS.index(finding.host)):
        verdict = f"[{_STYLES[one.verdict]}]{one.verdict}[/]"
        table.add_row(one.host, one.check, verdict, escape(one.found), escape(one.advice))
    return table


def counted(findings: Sequence[Finding]) -> str:
    """How many there are of each verdict, in words."""
    count = {verdict: sum(f.verdict == verdict for f in findings) for verdict in _STYLES}
    parts = [f"{len(findings)} checks"]
    for verdict in ("error", "warning"):
        plural = "" if count[verdict] == 1 else "s"
        parts.append(f"{count[verdict] or 'no'} {verdict}{plural if count[verdict] else 's'}")
    return ", ".join(parts)

"""The options of `audit`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class AuditConf:
    """An audit's output. clean: also the table without the rows that others contradict."""

    clean: bool = False

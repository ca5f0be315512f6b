"""Finds measurements that contradict each other: in tables, and as each one comes in."""

from dynasplit.audit.findings import CHECKS, Finding
from dynasplit.audit.live import audit_live
from dynasplit.audit.tables import audit_table

__all__ = ["CHECKS", "Finding", "audit_live", "audit_table"]

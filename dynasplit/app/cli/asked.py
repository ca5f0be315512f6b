"""How the job that now runs was asked for: its words, and the sweep that it is a part of."""

from __future__ import annotations

from contextvars import ContextVar

ASKED: ContextVar[tuple[str, ...]] = ContextVar("asked", default=())
"""The words of its command line."""
SWEEP: ContextVar[str] = ContextVar("sweep", default="")
"""The name of its sweep; empty: it is a part of none."""

"""The words of the command line that the job now running was asked for with."""

from __future__ import annotations

from contextvars import ContextVar

ASKED: ContextVar[tuple[str, ...]] = ContextVar("asked", default=())

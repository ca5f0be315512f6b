"""Runs one job of a sweep, and keeps a record of how it ended."""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dynasplit.app.cli.asked import SWEEP
from dynasplit.app.cli.command import started
from dynasplit.app.cli.ending import FAILED, guarded
from dynasplit.app.sweep.jobs import SweptJob
from dynasplit.core.passwords import masked
from hosts.core.errors import printable

State = Literal["finished", "finished before", "failed", "not finished"]
DONE: tuple[State, ...] = ("finished", "finished before")


@dataclass(frozen=True)
class Ended:
    """How a job ended.

    Attributes:
        code: its exit code.
        reason: what went wrong; empty: nothing.
        took_s: how long it took.
    """

    code: int
    reason: str = ""
    took_s: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What has become of a job.

    Attributes:
        job: the one. state: what it has come to. reason: why it is not finished.
        folder: its run's; None: there is none.
    """

    job: SweptJob
    state: State
    reason: str = ""
    folder: Path | None = None


def run_job(job: SweptJob, sweep: str) -> Ended:
    """Run a job of a sweep; what goes wrong with it is said, and stops no other.

    Raises:
        Exception: one that nobody expected, where tracebacks are asked for.
    """
    before_s, reason = time.monotonic(), ""
    work = started(job.job)

    def noting() -> None:
        nonlocal reason
        SWEEP.set(sweep)
        try:
            work()
        except Exception as error:
            reason = masked(printable(str(error) or type(error).__name__)).splitlines()[0]
            raise

    try:
        code = guarded(noting, job.job.config.debug)
    except Exception as error:
        if job.job.config.debug:
            raise
        print(masked("".join(traceback.format_exception(error))), end="", file=sys.stderr)
        code = FAILED
    return Ended(code, reason, time.monotonic() - before_s)

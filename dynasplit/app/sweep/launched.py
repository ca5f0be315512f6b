"""Jobs of a sweep in other processes, as a launcher starts them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from dynasplit.app.cli.command import title_of
from dynasplit.app.cli.composing import Launches
from dynasplit.app.sweep.jobs import Sweep, SweptJob
from dynasplit.app.sweep.outcomes import Ended, run_job
from dynasplit.config.load import register
from dynasplit.core.errors import ResultsError
from dynasplit.recorder.sweeps import make_ready

LOGS = "logs"


@dataclass
class InProcess:
    """The function that a launcher calls in its processes: runs the job of its number.

    Attributes:
        jobs: those that are launched. count: of the whole sweep. sweep: its name.
        logs: the folder of what each job says. controller: the process that began the sweep.
    """

    jobs: Sequence[SweptJob]
    count: int
    sweep: str
    logs: Path
    controller: int

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Arrive in another process: Hydra needs the words of our configuration there."""
        self.__dict__.update(state)
        register()

    def __call__(self, _composed: DictConfig) -> Ended:
        """Run the job that Hydra composed there; the very one that was checked here."""
        _end_with(self.controller)
        job = self.jobs[HydraConfig.get().job.num]
        with (self.logs / f"job_{job.number}.log").open("w", encoding="utf-8") as log:
            print(title_of(job.job, job.number, self.count), file=log, flush=True)
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                ended = run_job(job, self.sweep)
        verdict = f"failed: {ended.reason}" if ended.code else "finished"
        said = f"Job {job.number} of {self.count} ({job.words})"
        print(f"{said}: {verdict}, after {ended.took_s:.0f} s", flush=True)
        return ended


def launch(sweep: Sweep, open_jobs: Sequence[SweptJob], launches: Launches) -> dict[int, Ended]:
    """Have the launcher run jobs; returns how those that came back ended, by their number.

    Raises:
        ResultsError: the launcher failed, or has not brought all of them back; what they measured
            is kept.
    """
    logs = sweep.folder / LOGS
    logs.mkdir(parents=True, exist_ok=True)
    for uri in {job.record.tracking_uri for job in open_jobs if job.record.tracking != "none"}:
        make_ready(uri)
    print(f"{len(open_jobs)} jobs by hydra/launcher={launches.launcher}; what they say: {logs}")
    sys.stdout.flush()
    task = InProcess(open_jobs, len(sweep.jobs), sweep.name, logs, os.getpid())
    kept = "What was measured is kept; the same command goes on there"
    try:
        returned = launches.launch(task, [job.number - 1 for job in open_jobs])
        ended = [one.return_value for one in returned]
    except Exception as error:  # whatever a launcher may raise
        why = str(error).splitlines()[0] if str(error) else ""
        raise ResultsError(
            f"hydra/launcher={launches.launcher}: {type(error).__name__}: {why}. {kept}"
        ) from error
    if len(ended) < len(open_jobs):
        raise ResultsError(
            f"hydra/launcher={launches.launcher} was handed {len(open_jobs)} jobs, of which "
            f"{len(ended)} came back. {kept}"
        )
    return {job.number: one for job, one in zip(open_jobs, ended, strict=True)}


def _end_with(controller: int) -> None:
    """End this process when the one that began the sweep ends, however it ends."""
    if os.getpid() == controller or _WATCHED:
        return
    _WATCHED.append(controller)

    def wait() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(controller).wait()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


_WATCHED: list[int] = []
"""The process whose end this one waits for."""

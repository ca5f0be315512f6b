"""Runs a sweep: tells which of its jobs are finished already, and runs the others to one answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from dynasplit.app.cli.command import Job, plan_of, title_of
from dynasplit.app.cli.composing import BASIC, Launches
from dynasplit.app.cli.ending import BY_SIGNAL, guarded
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.sweep.jobs import Sweep, SweptJob
from dynasplit.app.sweep.launched import launch
from dynasplit.app.sweep.outcomes import Ended, Outcome, run_job
from dynasplit.core.errors import ConfigurationError
from dynasplit.run.run_record import SUMMARY, RunRecord
from dynasplit.run.writable import check_writable


def check_launcher(jobs: Sequence[Job], launcher: str) -> None:
    """Refuse to run jobs at the same time on hosts of which there is one set.

    Raises:
        ConfigurationError: names the launcher and the first such hosts.
    """
    for job in jobs:
        on_hosts = getattr(plan_of(job.config), "ON_HOSTS", False)
        if on_hosts and kind_of(job.config).has_one_set:
            raise ConfigurationError(
                f"hydra/launcher={launcher} runs jobs at the same time, and hosts="
                f"{job.config.hosts.kind} is one set of hosts, on which they would disturb each "
                f"other; allowed: hydra/launcher={BASIC}, or hosts=modelled, hosts=recorded, and "
                "experiments on tables (replay, search_benchmark)"
            )


def run_sweep(asked: Sequence[Job], launches: Launches) -> int:
    """Run the jobs that are not finished, and write the answer of all; returns the exit code."""
    debug = asked[0].config.debug
    made: list[Sweep] = []
    code = guarded(lambda: made.append(_opened(asked)), debug)
    if code:
        return code
    sweep = made[0]
    before = _finished_before(sweep)
    open_jobs = _open_jobs(sweep, before)
    if before:
        print(
            f"{len(before)} of {len(sweep.jobs)} jobs are finished, and not run again "
            "(resume=false measures anew)"
        )
    ended: dict[int, Ended] = {}
    if launches.runs_elsewhere and open_jobs:
        code = guarded(lambda: ended.update(launch(sweep, open_jobs, launches)), debug)
    else:
        ended = _one_after_another(sweep, open_jobs)
    codes = [code, *(one.code for one in ended.values())]
    if max(codes) > BY_SIGNAL:
        _tell_left(sweep)
        return max(codes)
    return max(*codes, guarded(lambda: _answer(sweep, before, ended), debug))


def _opened(asked: Sequence[Job]) -> Sweep:
    sweep = Sweep.of(asked)
    check_writable(sweep.jobs[0].record.results_dir)
    print(f"Sweep {sweep.name}: {len(sweep.jobs)} jobs", flush=True)
    return sweep


def _finished_before(sweep: Sweep) -> dict[str, Path]:
    """The folders of runs that are finished already, by their content."""
    runs = sweep.runs()
    kept = {job.content for job in sweep.jobs if job.resumes}
    return {c: path for c, (path, one) in runs.items() if c in kept and one.state == "finished"}


def _open_jobs(sweep: Sweep, before: dict[str, Path]) -> list[SweptJob]:
    """The jobs to be run: of several that are said alike, the first."""
    first: dict[tuple[str, ...], SweptJob] = {}
    for job in sweep.jobs:
        if job.content not in before:
            first.setdefault(job.job.overrides, job)
    return list(first.values())


def _one_after_another(sweep: Sweep, jobs: Sequence[SweptJob]) -> dict[int, Ended]:
    ended: dict[int, Ended] = {}
    for job in jobs:
        print(f"\n{title_of(job.job, job.number, len(sweep.jobs))}", flush=True)
        ended[job.number] = run_job(job, sweep.name)
        if ended[job.number].code > BY_SIGNAL:
            break
    return ended


def _tell_left(sweep: Sweep) -> None:
    """Say how many jobs are finished, where the sweep has not come to its end."""
    finished = {c for c, (_, one) in sweep.runs().items() if one.state == "finished"}
    done = sum(job.content in finished for job in sweep.jobs)
    print(
        f"{done} of {len(sweep.jobs)} jobs are finished; the same command goes on with the others",
        file=sys.stderr,
        flush=True,
    )


def _answer(sweep: Sweep, before: dict[str, Path], ended: dict[int, Ended]) -> None:
    """Write and show what the jobs have come to; two that ask for the same have one run."""
    from dynasplit.app.sweep.answer import write_answer  # pandas: half a second

    runs = sweep.runs()
    by_content = {job.content: ended[job.number] for job in sweep.jobs if job.number in ended}
    outcomes = [
        _outcome(job, before, by_content.get(job.content), runs.get(job.content))
        for job in sweep.jobs
    ]
    write_answer(sweep, outcomes)


def _outcome(
    job: SweptJob,
    before: dict[str, Path],
    own: Ended | None,
    run: tuple[Path, RunRecord] | None,
) -> Outcome:
    """What has become of a job; results that MLflow alone lacks are results."""
    if job.content in before:
        return Outcome(job, "finished before", folder=before[job.content])
    folder = run[0] if run is not None else None
    if own is not None and own.code:
        return Outcome(job, "failed", own.reason, folder)
    if own is None:  # it was launched, and did not come back
        is_whole = run is not None and run[1].state == "finished"
    else:  # experiments that keep no run's folder have none
        is_whole = run is None or run[1].state == "finished" or (run[0] / SUMMARY).is_file()
    return Outcome(job, "finished" if is_whole else "not finished", "", folder)

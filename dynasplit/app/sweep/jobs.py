"""The jobs of a sweep: what makes each differ, and the kept runs that have its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from dynasplit.app.cli.command import Job, plan_of
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.core.passwords import masked
from dynasplit.run.run_record import RunRecord, runs_of_contents

FOLDER = "sweeps"
SEEDS = ("seed", "hosts.seed")
"""Options over which figures are averaged: another value is the same once more."""
_SEVERAL = "several"
_DIGITS = 8

Value = bool | int | float | str | None


@dataclass(frozen=True)
class SweptJob:
    """One job of a sweep.

    Attributes:
        number: from 1 on.
        job: its configuration and words.
        options: those that not all jobs have alike, by name.
        record: where it is kept.
        resumes: False: it was asked to be measured anew.
    """

    number: int
    job: Job
    options: Mapping[str, Value]
    record: RecordInputs
    resumes: bool

    @property
    def content(self) -> str:
        """The hash of all that it asks for; two jobs of the same are one."""
        return self.record.content

    @property
    def words(self) -> str:
        """What makes it differ, as on the command line."""
        return " ".join(f"{name}={value}" for name, value in self.options.items())


@dataclass(frozen=True)
class Sweep:
    """The jobs of one command.

    Attributes:
        name: that of the experiment, and a hash of what the jobs ask for: the same when it is
            started again.
        folder: where its answer is.
        jobs: in their order.
    """

    name: str
    folder: Path
    jobs: Sequence[SweptJob]

    @classmethod
    def of(cls, asked: Sequence[Job]) -> Sweep:
        """The sweep of composed jobs, of which there is at least one.

        Raises:
            DataError: a file that an option names cannot be read.
        """
        options = swept_options([job.overrides for job in asked])
        jobs = [
            SweptJob(number, job, own, _record_of(job), job.config.resume is not False)
            for number, (job, own) in enumerate(zip(asked, options, strict=True), start=1)
        ]
        experiments = {job.record.experiment for job in jobs}
        content = "".join(sorted(job.content for job in jobs))
        digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
        name = f"{experiments.pop() if len(experiments) == 1 else _SEVERAL}_{digest}"
        return cls(name, jobs[0].record.results_dir / FOLDER / name, jobs)

    def runs(self) -> dict[str, tuple[Path, RunRecord]]:
        """The run of each job's content that there is: folder and record."""
        places = {job.record.results_dir / job.record.experiment for job in self.jobs}
        contents = {job.content for job in self.jobs}
        found: dict[str, tuple[Path, RunRecord]] = {}
        for place in sorted(places):
            found |= runs_of_contents(place, contents)
        return found

    @property
    def option_names(self) -> list[str]:
        """The swept options, seeds apart."""
        return [name for name in self.jobs[0].options if name not in SEEDS]


def swept_options(overrides: Sequence[Sequence[str]]) -> list[dict[str, Value]]:
    """Of each job the options that not all jobs have alike.

    Args:
        overrides: each job's words.
    """
    parser = OverridesParser.create()
    told: list[dict[str, Value]] = []
    for words in overrides:
        parsed = parser.parse_overrides(list(words))
        told.append({one.key_or_group: _plain(one.value(), one.input_line) for one in parsed})
    names = dict.fromkeys(name for one in told for name in one)
    differing = [n for n in names if any(one.get(n) != told[0].get(n) for one in told)]
    return [{name: one.get(name) for name in differing} for one in told]


def _plain(value: Any, word: str | None) -> Value:
    """An option's value as one cell: lists and the like as they were said, without passwords."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return masked(value if isinstance(value, str) else (word or "").partition("=")[2])


def _record_of(job: Job) -> RecordInputs:
    """Where a job is kept; on hosts it is known with what these find out by themselves."""
    on_hosts = getattr(plan_of(job.config), "ON_HOSTS", False)
    return record_inputs(kind_of(job.config).config if on_hosts else job.config)

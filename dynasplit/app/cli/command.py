"""The command line: compose and check every job, then run them one after another."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from dynasplit.app.cli.asked import ASKED
from dynasplit.app.cli.composing import Launches, watched
from dynasplit.app.cli.ending import BY_SIGNAL, guarded, heed_signals
from dynasplit.app.cli.help import experiments_text, help_text
from dynasplit.app.cli.hydra_errors import refusal
from dynasplit.app.cli.words import for_hydra
from dynasplit.config.load import load, register
from dynasplit.config.rules import check_rules
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError, DataError, ResultsError
from dynasplit.core.passwords import masked


@dataclass(frozen=True)
class Job:
    """One run that was asked for, and the overrides that make it differ from the default."""

    config: Config
    overrides: tuple[str, ...]


_composed: list[tuple[DictConfig, tuple[str, ...]]] = []


def take(composed: DictConfig) -> None:
    """Note a job that Hydra composed; it runs after all of them are checked."""
    words = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    _composed.append((composed, tuple(map(str, cast(list[Any], words)))))


def main(compose: Callable[[], None]) -> int:
    """Run what the command line asks for; returns the exit code."""
    asked = sys.argv[1:]
    if not asked or {"--help", "-h"} & set(asked):
        return guarded(lambda: print(help_text() if asked else experiments_text()), False)
    register()
    _composed.clear()
    sys.argv[1:] = for_hydra(asked)
    heed_signals()
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # what gRPC finds is raised, in our words
    sys.excepthook = _show_traceback
    jobs: list[Job] = []
    launches = Launches()
    code = guarded(lambda: jobs.extend(_jobs(compose, launches)), _asks_for_debug())
    if jobs and launches.launcher and not jobs[0].config.dry_run:
        return int(_sweep().run_sweep(jobs, launches))
    for number, job in enumerate(jobs, start=1):
        if len(jobs) > 1:
            print(f"\n{title_of(job, number, len(jobs))}", flush=True)
        code = max(code, guarded(started(job), job.config.debug))
        if code > BY_SIGNAL:
            break
    return code


def plan_of(job: Config) -> Any:
    """The module of an experiment's kind, which has `check` and `run`."""
    return importlib.import_module(f"experiments.{job.plan}")


def _sweep() -> Any:
    """The module that runs the jobs of -m; like plans, it calls what is here, not the reverse."""
    return importlib.import_module("dynasplit.app.sweep.run")


def title_of(job: Job, number: int, count: int) -> str:
    """A job's number and words, without passwords."""
    return f"Job {number} of {count}: {masked(' '.join(job.overrides))}"


def started(job: Job) -> Callable[[], None]:
    """A function that runs a job."""

    def start() -> None:
        ASKED.set(job.overrides)
        plan_of(job.config).run(job.config)

    return start


def _jobs(compose: Callable[[], None], launches: Launches) -> list[Job]:
    """Every job, composed and checked, before the first one starts."""
    _compose(compose, launches)
    if not _composed:  # only something was to be shown
        return []

    jobs = [Job(_loaded(composed), overrides) for composed, overrides in _composed]
    for job in jobs:
        check_rules(job.config)
        try:
            plan_of(job.config).check(job.config)
        except DataError as error:  # a file that an option names is not what it must be
            raise ConfigurationError(str(error)) from error
    if launches.runs_elsewhere:
        _sweep().check_launcher(jobs, launches.launcher)
    return jobs


def _loaded(composed: DictConfig) -> Config:
    try:
        return load(composed)
    except OmegaConfBaseException as error:
        raise refusal(error) from error


def _compose(compose: Callable[[], None], launches: Launches) -> None:
    try:
        with watched(launches):
            compose()
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise refusal(error, sys.argv[1:]) from error
    except OSError as error:
        raise ResultsError(f"the results folder cannot be written: {error}") from error


def _asks_for_debug() -> bool:
    return "debug=true" in sys.argv or os.environ.get("HYDRA_FULL_ERROR") == "1"


def _show_traceback(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    """A traceback as Python shows it, without the passwords in its messages."""
    print(masked("".join(traceback.format_exception(error))), end="", file=sys.stderr)

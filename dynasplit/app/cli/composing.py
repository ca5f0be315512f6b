"""Watches Hydra while it composes: which jobs it launches, and the passwords in what it writes."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from dynasplit.core.passwords import masked

BASIC = "basic"
"""The launcher that runs jobs one after another, here."""
_MAKING = "instantiate_launcher"


@dataclass
class Launches:
    """The jobs that Hydra composed for -m, and the launcher that it would hand them to.

    All of them are composed here, so that none starts before every one is checked; then they are
    run here, or handed to the launcher.

    Attributes:
        launcher: its name; empty: without -m.
        jobs: of each job the words that make it differ.
        settings: the file that Hydra keeps of them; None: without -m.
    """

    launcher: str = ""
    jobs: list[Sequence[str]] = field(default_factory=list)
    settings: Path | None = None
    _hand_over: Callable[[Any, Sequence[Sequence[str]]], Sequence[Any]] | None = None

    @property
    def runs_elsewhere(self) -> bool:
        """True if a launcher was asked for that does not run jobs one after another here."""
        return self.launcher not in ("", BASIC)

    def launch(self, task: Callable[[DictConfig], Any], numbers: Sequence[int]) -> Sequence[Any]:
        """Have the launcher run some of the jobs.

        Args:
            task: is called for each of them, where the launcher takes it, with Hydra's `job.num`
                set to its place among those that are launched.
            numbers: of the jobs, from 0.

        Returns:
            Hydra's `JobReturn` of each that came back.
        """
        assert self._hand_over is not None
        with errors_raised():
            return self._hand_over(task, [self.jobs[number] for number in numbers])

    def take(self, launcher: Launcher, context: Any, config: DictConfig) -> None:
        """Note a launcher that Hydra made."""
        launch = launcher.launch

        def hand_over(task: Any, overrides: Sequence[Sequence[str]]) -> Sequence[Any]:
            launcher.setup(hydra_context=context, task_function=task, config=config)
            return launch(overrides, initial_job_idx=0)

        self.launcher = config.hydra.runtime.choices["hydra/launcher"]
        self.settings = Path(config.hydra.sweep.dir) / "multirun.yaml"
        self._hand_over = hand_over


@contextmanager
def watched(found: Launches) -> Iterator[None]:
    """Note what Hydra launches; have it raise what it finds, and show and keep no password."""
    printed = io.StringIO()
    try:
        with errors_raised(), _launches_told_to(found), contextlib.redirect_stdout(printed):
            yield
    finally:
        if printed.getvalue():
            print(masked(printed.getvalue()), end="")
        if found.settings is not None and found.settings.is_file():
            kept = found.settings.read_text(encoding="utf-8")
            if masked(kept) != kept:
                found.settings.write_text(masked(kept), encoding="utf-8")


@contextmanager
def _launches_told_to(found: Launches) -> Iterator[None]:
    """Whatever launcher is asked for, have the jobs composed here by Hydra's basic one."""
    before = Plugins.instantiate_launcher

    def instantiate(
        plugins: Plugins, hydra_context: Any, task_function: Any, config: DictConfig
    ) -> Launcher:
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher

        found.take(before(plugins, hydra_context, task_function, config), hydra_context, config)
        composer = BasicLauncher()
        composer.setup(hydra_context=hydra_context, task_function=task_function, config=config)
        compose = composer.launch

        def noted(job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
            found.jobs += job_overrides
            return compose(job_overrides, initial_job_idx=initial_job_idx)

        composer.launch = noted  # type: ignore[method-assign]
        return composer

    setattr(Plugins, _MAKING, instantiate)
    try:
        yield
    finally:
        setattr(Plugins, _MAKING, before)


@contextmanager
def errors_raised() -> Iterator[None]:
    """Have Hydra raise what it finds instead of printing it and ending the program."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("HYDRA_FULL_ERROR")
        if before is not None:
            os.environ["HYDRA_FULL_ERROR"] = before

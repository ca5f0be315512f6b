"""Watches Hydra while it composes: which jobs it launches, and the passwords in what it writes."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.passwords import masked

_MAKING = "instantiate_launcher"


@dataclass
class Launches:
    """The jobs that Hydra composed for -m.

    Attributes:
        launcher: the launcher that they were handed to. jobs: how many they were.
        settings: the file that Hydra keeps of them; None: without -m.
    """

    launcher: str = ""
    jobs: int = 0
    settings: Path | None = None

    def check(self, arrived: int) -> None:
        """Refuse a launcher that started jobs elsewhere than in this process.

        Raises:
            ConfigurationError: names the launcher.
        """
        if arrived < self.jobs:
            raise ConfigurationError(
                f"hydra/launcher={self.launcher} was handed {self.jobs} jobs, of which {arrived} "
                "arrived here, and none was run; allowed: hydra/launcher=basic, which is set if "
                "nothing is said"
            )


@contextmanager
def watched() -> Iterator[Launches]:
    """Count what Hydra launches; have it raise what it finds, and show and keep no password."""
    found, printed = Launches(), io.StringIO()
    try:
        with _errors_raised(), _launches_told_to(found), contextlib.redirect_stdout(printed):
            yield found
    finally:
        if printed.getvalue():
            print(masked(printed.getvalue()), end="")
        if found.settings is not None and found.settings.is_file():
            kept = found.settings.read_text(encoding="utf-8")
            if masked(kept) != kept:
                found.settings.write_text(masked(kept), encoding="utf-8")


@contextmanager
def _launches_told_to(found: Launches) -> Iterator[None]:
    """Wrap each launcher that Hydra makes; it tells no one else how many jobs it composed."""
    before = Plugins.instantiate_launcher

    def instantiate(
        plugins: Plugins, hydra_context: Any, task_function: Any, config: DictConfig
    ) -> Launcher:
        launcher = before(plugins, hydra_context, task_function, config)
        launch = launcher.launch

        def counted(job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Any:
            found.jobs += len(job_overrides)
            return launch(job_overrides, initial_job_idx=initial_job_idx)

        found.launcher = config.hydra.runtime.choices["hydra/launcher"]
        found.settings = Path(config.hydra.sweep.dir) / "multirun.yaml"
        launcher.launch = counted  # type: ignore[method-assign]
        return launcher

    setattr(Plugins, _MAKING, instantiate)
    try:
        yield
    finally:
        setattr(Plugins, _MAKING, before)


@contextmanager
def _errors_raised() -> Iterator[None]:
    """Have Hydra raise what it finds instead of printing it and ending the program."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("HYDRA_FULL_ERROR")
        if before is not None:
            os.environ["HYDRA_FULL_ERROR"] = before

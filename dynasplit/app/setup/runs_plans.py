"""What plans share that work on a table of runs and start no hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynasplit.config.load import determining
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.run.identity import git_revision, identity_of
from dynasplit.run.run_folder import RunFolder, check_writable, open_run_folder
from dynasplit.tables import RunsTable, read_runs


def check_runs(config: Config) -> RunsTable:
    """The table that the configuration names.

    Raises:
        ConfigurationError: none is named. DataError: it cannot be used.
    """
    if config.runs is None:
        raise ConfigurationError(
            f"+experiment={config.name} needs runs=FILE: a runs.parquet, the same as CSV, or a "
            "CSV in the layout of the published measurements"
        )
    return read_runs(config.runs)


@contextmanager
def results_folder(config: Config) -> Iterator[RunFolder]:
    """A new folder for the results; marked as finished if the work is done without an error."""
    results = Path(config.results_dir)
    check_writable(results)
    named = (config.runs, config.front, config.workload.file, config.fit.macs)
    files = [Path(name) for name in named if name is not None]
    identity = identity_of(determining(config), files=files)
    with open_run_folder(
        results,
        config.name,
        identity,
        resume=False,
        configuration=determining(config),
        git_revision=git_revision(),
    ) as folder:
        yield folder
        folder.finish()

"""Shared by plans on a table of runs, which start no hosts: its reading, a results folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynasplit.app.setup.recorded_runs import runs_at
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.app.setup.trial import try_formats
from dynasplit.core.errors import ConfigurationError
from dynasplit.run.identity import identity_of
from dynasplit.run.records import JOURNAL
from dynasplit.run.run_folder import RunFolder, open_run_folder
from dynasplit.run.run_record import RECORD
from dynasplit.run.writable import check_writable
from dynasplit.tables import RunsTable


def check_runs(experiment: str, path: str | None) -> RunsTable:
    """The table of runs that an experiment needs.

    Raises:
        ConfigurationError: none is named. DataError: it cannot be used.
    """
    if path is None:
        raise ConfigurationError(
            f"+experiment={experiment} needs runs=FILE: a runs.parquet, the same as CSV, a CSV "
            "in the layout of the published measurements, or the folder of a run"
        )
    return runs_at(path)


def folder_of_a_run(experiment: str, path: str | None) -> Path:
    """The folder of a run that an experiment needs.

    Args:
        experiment: its name.
        path: of a file in it, which stands for it.

    Raises:
        ConfigurationError: none is named, or a file somewhere else.
    """
    folder = None if path is None else Path(path).parent
    if folder is None or not any((folder / name).is_file() for name in (RECORD, JOURNAL)):
        raise ConfigurationError(
            f"+experiment={experiment} needs runs=FOLDER, the folder of a run "
            f"(results/<experiment>/<date_time>, with {RECORD} in it); found: {path or 'none'}"
        )
    return folder


@contextmanager
def results_folder(record: RecordInputs) -> Iterator[RunFolder]:
    """A new folder for the results; marked as finished if the work is done without an error."""
    check_writable(record.results_dir)
    with open_run_folder(
        record.results_dir,
        record.experiment,
        identity_of(record.configuration, files=record.files),
        resume=False,
        configuration=record.configuration,
    ) as folder:
        folder.know_by(record.content)
        try_formats(folder.path)
        yield folder
        folder.finish()

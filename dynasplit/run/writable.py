"""Whether results can be written: tried, or for a dry run only looked at."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dynasplit.core.errors import ResultsError


def check_writable(results_dir: Path) -> None:
    """Make the results folder and try to write there.

    Raises:
        ResultsError: it cannot be.
    """
    try:
        results_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results_dir):
            pass
    except OSError as error:
        raise _refused(results_dir, error) from error


def check_could_be_written(results_dir: Path, experiment: str) -> None:
    """Try whether a run could make its folder, leaving no trace of it.

    Raises:
        ResultsError: it could not.
    """
    for folder in (results_dir, results_dir / experiment, results_dir / ".locks"):
        try:
            _check_could_be_written(folder.absolute())
        except OSError as error:
            raise _refused(results_dir, error) from error


def _check_could_be_written(folder: Path) -> None:
    """Write to the folder, or to the one that it would be made in, what is gone at once."""
    place = folder
    while not os.path.lexists(place):
        _refuse_but_absent(place)
        place = place.parent
    with tempfile.TemporaryFile(dir=place):
        pass


def _refuse_but_absent(place: Path) -> None:
    """Raise why nothing can be there: a file on the way, a name too long, a folder that is shut."""
    try:
        place.lstat()
    except FileNotFoundError:
        return


def _refused(results_dir: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"results_dir={results_dir} cannot be written: {error.strerror}; allowed: a folder "
        "that you may write to, or that can be made"
    )

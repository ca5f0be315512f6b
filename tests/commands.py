"""The command in this process, where that shows as much as a process of its own."""

import contextlib
import io
import sys
from typing import NamedTuple

import run_experiment
from dynasplit.app.cli import command


class Ended(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def command_line(*words: str) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["run_experiment.py", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = command.main(run_experiment.compose)
    finally:
        sys.argv = before
    return Ended(code, out.getvalue(), err.getvalue())

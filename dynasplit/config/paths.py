"""Rules of options that hold a path, a name below the results folder, or the URI of a store.

In each path `~` is the home folder, as in a shell; it is put in where the configuration is loaded.
"""

from __future__ import annotations

import os
import re

from dynasplit.config.rules import Rule
from dynasplit.core.passwords import masked_uri

_STORE_AT_HOME = re.compile(r"(sqlite:///|file:(?://)?)?(~.*)", re.DOTALL)
_SPACED_SERVER = re.compile(r"(?!sqlite|file)[\w.+-]+://.*\s", re.DOTALL)
_EXPERIMENT = re.compile(r"\w[\w.+-]{0,59}")
_TAKEN = ("mlflow.db", "mlflow_artifacts", "multirun.yaml")
_LONGEST_NAME_BYTES = 255
RUNS_OF_A_FOLDER = ("journal.jsonl", "runs.parquet")
"""Where a run's folder has its runs, the first that is there."""
_OF_OTHER_RUNS = "mlflow_outbox/records.jsonl"
"""Stands for the folder of a run that measures nothing, but waits to be sent to MLflow."""
_TILDE = "~ is the home folder, ~NAME that of a user who is there, ./~NAME what is called so"


def at_home(path: str) -> str:
    """The path with the home folder in place of a `~` at its beginning."""
    return os.path.expanduser(path)  # noqa: PTH111 -- pathlib fails where there is no such user


def path() -> Rule:
    """The path of a file or folder, which need not be there; or a word in place of one."""
    return Rule(lambda: f"a path ({_TILDE})", _can_be, settle=at_home)


def existing_file(what: str = "a file that exists") -> Rule:
    """The path of a file that is there."""
    return Rule(
        lambda: what,
        os.path.isfile,  # pathlib's raises where a folder may not be looked into
        settle=at_home,
        shown=lambda v: f"{v}, a folder" if os.path.isdir(v) else v,  # noqa: PTH112
    )


def runs() -> Rule:
    """The path of a table of runs, or of a run's folder, which stands for its journal."""
    return Rule(
        lambda: f"a file that exists, or a run's folder ({' or '.join(RUNS_OF_A_FOLDER)} in it)",
        os.path.isfile,
        settle=_runs_of,
        shown=lambda v: f"{v}, a folder without either" if os.path.isdir(v) else v,  # noqa: PTH112
    )


def _runs_of(path: str) -> str:
    there = at_home(path)
    if not os.path.isdir(there):  # noqa: PTH112
        return there
    inside = (os.path.join(there, name) for name in (*RUNS_OF_A_FOLDER, _OF_OTHER_RUNS))  # noqa: PTH118
    return next((name for name in inside if os.path.isfile(name)), there)  # noqa: PTH113


def resume() -> Rule:
    """Whether an earlier run is continued; or the folder of the one whose measurements to take."""
    return Rule(
        lambda: f"true, false, or a run's folder ({RUNS_OF_A_FOLDER[0]} in it)",
        lambda v: isinstance(v, bool) or _has_journal(v),
        settle=lambda v: at_home(v) if isinstance(v, str) else v,
    )


def _has_journal(folder: object) -> bool:
    if not isinstance(folder, str) or "\0" in folder:
        return False
    return os.path.isfile(os.path.join(folder, RUNS_OF_A_FOLDER[0]))  # noqa: PTH113, PTH118


def experiment_name() -> Rule:
    """The name of a folder in `results_dir`, so that nothing is written beside it."""
    return Rule(
        lambda: (
            "a name of up to 60 letters, digits and _ . + -, the first a letter, a digit or _; "
            f"none of {', '.join(_TAKEN)} (results_dir says where results appear)"
        ),
        lambda v: _EXPERIMENT.fullmatch(v) is not None and v not in _TAKEN,
        shown=repr,
    )


def store_uri() -> Rule:
    """The URI of a tracking store, whose password is never shown."""
    return Rule(
        lambda: "the URI of a store, such as sqlite:///FILE.db, or https://HOST without spaces",
        lambda v: bool(v) and "\0" not in v and not _SPACED_SERVER.match(v),
        settle=_store_at_home,
        shown=masked_uri,
    )


def _store_at_home(uri: str) -> str:
    found = _STORE_AT_HOME.fullmatch(uri)
    return uri if found is None else (found[1] or "") + at_home(found[2])


def _can_be(path: str) -> bool:
    """False for what no path can be, and for a `~` that is no one's home."""
    if not path or "\0" in path or path.startswith("~"):
        return False
    return all(len(os.fsencode(part)) <= _LONGEST_NAME_BYTES for part in path.split("/"))

"""Where results cannot be written is told beforehand, and nothing is left of looking."""

import os
import tempfile
from pathlib import Path

import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.run.writable import check_could_be_written, check_writable


def everything(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("there", ["", "results", "results/x", "results/.locks"])
def test_where_it_can_be_written_nothing_is_left(tmp_path, there):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before = everything(tmp_path)
    check_could_be_written(tmp_path / "results", "x")
    assert everything(tmp_path) == before
    check_writable(tmp_path / "results")


def taken(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file")


def dangling(place: Path) -> None:
    place.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("block", "where", "results", "says"),
    [
        (taken, "results", "results", "Not a directory"),
        (taken, "results", "results/deep/below", "Not a directory"),
        (taken, "results/x", "results", "Not a directory"),
        (taken, "results/.locks", "results", "Not a directory"),
        (dangling, "results", "results", "No such file"),
        (taken, "other", "n" * 300, "File name too long"),
    ],
)
def test_what_is_in_the_way_is_told(tmp_path, block, where, results, says):
    block(tmp_path / where)
    before = everything(tmp_path)
    told = rf"^results_dir={tmp_path / results} cannot be written: {says}.*; allowed: a folder"
    with pytest.raises(ResultsError, match=told):
        check_could_be_written(tmp_path / results, "x")
    assert everything(tmp_path) == before


def test_a_folder_that_is_shut_is_told(tmp_path, monkeypatch):
    """As root no folder is shut, so the system's answer is put in."""

    def refuse(*_args: object, **_more: object) -> int:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ResultsError, match="cannot be written: Permission denied"):
        check_could_be_written(tmp_path / "results", "x")
    assert everything(tmp_path) == []


def test_nor_can_what_the_kernel_makes_of_itself_be_written():
    with pytest.raises(ResultsError, match="results_dir=/proc/x cannot be written"):
        check_could_be_written(Path("/proc/x"), "x")

"""The cache: made once, whole or not at all, remade when damaged."""

import threading
import time
from pathlib import Path

import pytest

from hosts.core.errors import ArtifactError
from hosts.models.prepared.artifacts import ArtifactCache, check


@pytest.fixture
def cache(tmp_path) -> ArtifactCache:
    return ArtifactCache(tmp_path)


def test_a_file_is_made_once_although_several_ask(cache):
    made = []

    def make(path):
        made.append(path)
        time.sleep(0.05)
        path.write_text("content")

    asking = [
        threading.Thread(target=cache.obtain, args=("x", {"seed": 0}, ".bin", make))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(made) == 1
    assert cache.find("x", {"seed": 0}, ".bin").bytes == 7


def test_another_key_is_another_file(cache):
    one = cache.obtain("x", {"seed": 0}, ".bin", lambda p: p.write_text("0"))
    two = cache.obtain("x", {"seed": 1}, ".bin", lambda p: p.write_text("1"))
    assert one.path != two.path
    assert cache.place("x", {"a": 1, "b": 2}, "") == cache.place("x", {"b": 2, "a": 1}, "")


def test_a_truncated_file_is_made_again(cache):
    first = cache.obtain("x", {}, ".bin", lambda p: p.write_text("content"))
    with Path(first.path).open("w") as file:
        file.write("con")
    with pytest.raises(ArtifactError, match="damaged \\(3 of 7 bytes"):
        check(first)
    again = cache.obtain("x", {}, ".bin", lambda p: p.write_text("content"))
    assert again == first
    check(again)


def test_a_changed_file_of_the_same_length_is_noticed(cache):
    artifact = cache.obtain("x", {}, ".bin", lambda p: p.write_text("content"))
    with Path(artifact.path).open("w") as file:
        file.write("CONTENT")
    with pytest.raises(ArtifactError, match="damaged"):
        check(artifact)


def test_what_fails_half_way_leaves_nothing(cache):
    def make(path):
        path.write_text("half")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        cache.obtain("x", {}, ".bin", make)
    assert cache.find("x", {}, ".bin") is None
    assert not [p for p in cache.root.iterdir() if p.suffix != ".lock"]


def test_size_and_clearing(cache):
    cache.obtain("x", {}, ".bin", lambda p: p.write_text("content"))
    assert cache.size_bytes() > 7
    cache.clear()
    assert cache.size_bytes() == 0


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "artifacts").write_text("a file where the folder should be")
    with pytest.raises(ArtifactError, match="cannot be written"):
        ArtifactCache(tmp_path).obtain("x", {}, ".bin", lambda p: p.write_text(""))

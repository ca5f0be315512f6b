"""The words of the command line, as Hydra takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dynasplit.config.paths import at_home

_FOLDER_FLAGS = ("--config-dir", "-cd", "--config-path", "-cp")
_AT_HOME = re.compile(r"([^~=]+)=(~[^,]*)", re.DOTALL)


def for_hydra(asked: Sequence[str]) -> list[str]:
    """The words in an order and a form that Hydra's parsers take.

    They want -m before the overrides, a value that begins with ~ in quotes, and know no home folder
    in the flags that name one.
    """
    words: list[str] = []
    for word in asked:
        flag, is_joined, folder = word.partition("=")
        if words and words[-1] in _FOLDER_FLAGS:
            words.append(at_home(word))
        elif flag in _FOLDER_FLAGS and is_joined:
            words.append(f"{flag}={at_home(folder)}")
        elif found := _AT_HOME.fullmatch(word):
            words.append(f"{found[1]}={quoted(found[2])}")
        else:
            words.append(word)
    return sorted(words, key=lambda word: word not in ("-m", "--multirun"))


def quoted(value: str) -> str:
    """A value in quotes, as Hydra's grammar reads it back."""
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ("\\" + m[2] if m[2] else ""), value)
    return f'"{escaped}"'

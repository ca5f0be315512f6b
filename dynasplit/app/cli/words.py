"""The words of the command line, as Hydra takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dynasplit.app.cli.declared import is_word
from dynasplit.config.paths import at_home

_FOLDER_FLAGS = ("--config-dir", "-cd", "--config-path", "-cp")
_SEVERAL_JOBS = ("-m", "--multirun")
_GIVEN = re.compile(r"([^~=]+)=([^'\"\[{].*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?([\d_.]+(e[+-]?\d+)?|inf|nan)|true|false", re.IGNORECASE)


def for_hydra(asked: Sequence[str]) -> list[str]:
    """The words in an order and a form that Hydra's parsers take.

    They want -m before the overrides, and know no home folder in the flags that name one. A value
    that begins with ~ is in quotes for them, and so is a word that looks like a number, which they
    would write anew: 2026_11 is the name of a folder, and not 202611.
    """
    has_several_jobs = bool(set(_SEVERAL_JOBS) & set(asked))
    words: list[str] = []
    for word in asked:
        flag, is_joined, folder = word.partition("=")
        if words and words[-1] in _FOLDER_FLAGS:
            words.append(at_home(word))
        elif flag in _FOLDER_FLAGS and is_joined:
            words.append(f"{flag}={at_home(folder)}")
        elif found := _GIVEN.fullmatch(word):
            parts = found[2].split(",") if has_several_jobs else [found[2]]
            words.append(f"{found[1]}={','.join(_kept(found[1], part) for part in parts)}")
        else:
            words.append(word)
    return sorted(words, key=lambda word: word not in _SEVERAL_JOBS)


def _kept(key: str, value: str) -> str:
    """A value as Hydra is told it."""
    as_it_stands = _NUMBER.fullmatch(value) and is_word(key.lstrip("+"))
    return quoted(value) if as_it_stands or value.startswith("~") else value


def quoted(value: str) -> str:
    """A value in quotes, as Hydra's grammar reads it back."""
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ("\\" + m[2] if m[2] else ""), value)
    return f'"{escaped}"'

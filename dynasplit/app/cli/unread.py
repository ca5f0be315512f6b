"""Words of the command line that Hydra's grammar has no meaning for: which, and how to say them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from dynasplit.app.cli.words import quoted
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.passwords import masked_uri


def unread(word: str, words: Sequence[str]) -> ConfigurationError:
    """The message for a word that cannot be read.

    Args:
        word: the one.
        words: all those of the command line, in their order.
    """
    shown = f"the word {masked_uri(word)!r} cannot be read"
    if as_meant := as_one_value(word):
        return ConfigurationError(
            f"{shown}: in a value, quotes are needed around characters such as = # ( ) [ ] {{ }}; "
            f"allowed: {as_meant}"
        )
    before = words[words.index(word) - 1] if word in words[1:] else ""
    together = as_one_value(f"{before} {word}")
    hint = f"; if it belongs to the word before it, say {together}" if together else ""
    return ConfigurationError(f"{shown}; allowed: KEY=VALUE, +KEY=VALUE, ~KEY{hint}")


def as_one_value(word: str) -> str:
    """A word as a shell takes it, its value in quotes; empty if its key cannot be read either."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, has_value, value = masked_uri(word).partition("=")
    in_quotes = f"{key}={quoted(value)}"
    try:
        OverridesParser.create().parse_override(in_quotes)
    except HydraException:
        return ""
    return shlex.quote(in_quotes) if has_value else ""

"""Passwords of a tracking store's URI, which are shown and kept nowhere."""

from __future__ import annotations

import re

_MASK = "***"
# As far as the last @ of the word: more than the password rather than less.
_BEFORE_HOST = re.compile(r"(://[^:/@\s]*):\S*@")
_SECRETS = "pass|pwd|token|secret|credential|signature|auth|key"
_BEHIND = re.compile(rf"([?&][^=&\s'\"]*(?:{_SECRETS})[^=&\s'\"]*=)[^&\s'\"]+", re.IGNORECASE)


def masked(text: str) -> str:
    """A text with *** in place of the password of each URI in it."""
    return _BEHIND.sub(rf"\g<1>{_MASK}", _BEFORE_HOST.sub(rf"\g<1>:{_MASK}@", text))


def masked_uri(uri: str) -> str:
    """A URI with *** in place of its password, which may hold spaces here."""
    return masked(re.sub(r"(://[^:/@]*):.*@", rf"\g<1>:{_MASK}@", uri, flags=re.DOTALL))

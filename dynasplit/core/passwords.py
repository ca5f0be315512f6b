"""Passwords of a tracking store's URI, which are shown and kept nowhere."""

from __future__ import annotations

import re

_MASK = "***"
# As far as the last @ of the word: more than the password rather than less.
_BEFORE_HOST = re.compile(r"(://[^:/@\s]*):\S*@")
# A server that is asked over HTTP takes a token for its user, with no password or with a word.
_TOKEN = re.compile(r"(https?://)[^:/@\s]+(?=:(?:|x-oauth-basic)@|@)", re.IGNORECASE)
_SECRETS = "pass|pwd|token|secret|credential|signature|auth|key"
_BEHIND = re.compile(rf"([?&][^=&\s'\"]*(?:{_SECRETS})[^=&\s'\"]*=)[^&\s'\"]+", re.IGNORECASE)


def masked(text: str) -> str:
    """A text with *** in place of the password, or the token, of each URI in it."""
    text = _TOKEN.sub(rf"\g<1>{_MASK}", text)
    return _BEHIND.sub(rf"\g<1>{_MASK}", _BEFORE_HOST.sub(rf"\g<1>:{_MASK}@", text))


def masked_uri(uri: str) -> str:
    """A URI with *** in place of its password or token, which may hold spaces here."""
    uri = re.sub(r"(https?://)[^:/@]+(?=@)", rf"\g<1>{_MASK}", uri, flags=re.IGNORECASE)
    uri = _TOKEN.sub(rf"\g<1>{_MASK}", uri)
    return masked(re.sub(r"(://[^:/@]*):.*@", rf"\g<1>:{_MASK}@", uri, flags=re.DOTALL))

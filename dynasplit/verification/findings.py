"""Findings of a verification: what of a run's folder is not as its run left it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Check = Literal["complete", "consistent", "untouched"]
MEANINGS: dict[Check, str] = {
    "complete": "the run has ended; its files are there and can be read; run.json lacks nothing",
    "consistent": "tables, front, summary and run.json say what the journal says",
    "untouched": "each file is as the run left it, by the hashes in run.json",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        check: which one, of `MEANINGS`.
        file: of the run's folder.
        words: what was found.
        is_serious: False where it says only what cannot be known.
    """

    check: Check
    file: str
    words: str
    is_serious: bool = True

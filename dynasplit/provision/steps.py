"""The steps that make a host ready, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal[
    "there", "to do", "done", "failed", "by the administrator", "after the administrator"
]


@dataclass(frozen=True)
class Step:
    """One thing that a host needs.

    Attributes:
        name: in a word or two. about: what is done, for people.
        script: for `sh`, which does it; empty: it is there already.
        as_root: only the administrator may do it.
        wheels: the packages may come through the controller where the host has no way out.
    """

    name: str
    about: str
    script: str
    as_root: bool = False
    wheels: bool = False


@dataclass
class Progress:
    """A host on its way to being ready.

    Attributes:
        role: edge or cloud. address: the host's.
        steps: all of them, each with its outcome.
        errors: what no step can mend, and what failed, in a line each.
        remarks: what else is to be known.
    """

    role: str
    address: str
    steps: list[tuple[Step, Outcome]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def root_script(self) -> str:
        """The script of all that is left to the administrator; empty: nothing is."""
        left = [step for step, outcome in self.steps if outcome == "by the administrator"]
        if not left:
            return ""
        parts = [f"# {step.name}: {step.about}\n{step.script.strip()}\n" for step in left]
        return "#!/bin/sh\nset -eu\n" + "\n".join(parts)

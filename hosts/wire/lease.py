"""The content of a lease's file: who holds a host, and the words for others who ask for it."""

from __future__ import annotations

import msgspec

ROLES = ("edge", "cloud")
"""The roles that a host may be held in, each with a file `ROLE.lease` in its state folder."""


class Holder(msgspec.Struct, kw_only=True):
    """The content of a lease's file.

    Attributes:
        controller: who asked for the agent: user, host and process of the controller.
        agent: the agent's process id. since: local time of this host.
    """

    controller: str
    agent: int
    since: str


def holder_of(content: bytes) -> Holder | None:
    """What a lease's file says; None: nothing that can be read."""
    try:
        return msgspec.json.decode(content, type=Holder)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def refusal(role: str, holder: Holder | None) -> str:
    """The words for who asks for a host that is held in a role."""
    if holder is None:
        return f"host busy: another agent uses this host as {role}; wait until its run has ended"
    return (
        f"host busy: {holder.controller or 'a controller that did not say its name'} uses this "
        f"host as {role} since {holder.since} (process {holder.agent} here); wait until that run "
        "has ended, or end it; an agent ends by itself a minute after its controller is gone"
    )

"""Errors on their way from a host to the one that asked, with their class and words."""

from __future__ import annotations

from hosts.core.errors import HostError, is_transient, one_line
from hosts.wire.messages import Refused


class PeerError(HostError):
    """What was asked of another host failed there.

    Attributes:
        kind: the class of the error there. transient: whether it passes by itself.
    """

    def __init__(self, refused: Refused, where: str = "") -> None:
        super().__init__(f"{where}{refused.message}")
        self.kind = refused.kind
        self.transient = refused.transient


def refusal(error: BaseException) -> Refused:
    """What is sent of an error.

    One of this project's classes has words that stand for themselves; any other's are told with
    its class, so that `[Errno 13] ...` is seen to be a PermissionError.
    """
    kind = error.kind if isinstance(error, PeerError) else type(error).__name__
    return Refused(kind=kind, message=one_line(error), transient=is_transient(error))

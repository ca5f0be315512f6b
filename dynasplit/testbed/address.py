"""Where a host is, how to log in, and what it has."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HostAddress:
    """One host as the configuration names it.

    Attributes:
        address: name or IP address. port: of its SSH server.
        user: to log in as; None: the one who runs the controller.
        key_file: private key; None: the user's own keys and agent.
        known_hosts: file with the host's key; None: the user's own.
        python: the interpreter with the host's requirements.
        link_address: its address in the network between edge and cloud.
        meter: the meter program that runs on it; `none` if it has no meter.
        meter_options: what that program needs.
        knobs: the knob programs of this host.
        cpus: those that its agent keeps to; empty: all.
    """

    address: str = ""
    port: int = 22
    user: str | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    python: str = "python3"
    link_address: str = ""
    meter: str = "none"
    meter_options: dict[str, str | int | float | bool] = field(default_factory=dict)
    knobs: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.user + '@' if self.user else ''}{self.address}:{self.port}"

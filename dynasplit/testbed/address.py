"""The address of a host: login, knobs, meters, CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Option = str | int | float | bool


@dataclass(frozen=True)
class MeterSpec:
    """A meter program to run on a host: its name, and the options that it is given."""

    name: str
    options: Mapping[str, Option] = field(default_factory=dict)


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
        meters: the meter programs that run on it.
        knobs: the knob programs of this host.
        cpus: those that its agent keeps to; empty: all.
        outlasts_run: its settings are there after the run, and must be what they were.
    """

    address: str = ""
    port: int = 22
    user: str | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    python: str = "python3"
    link_address: str = ""
    meters: tuple[MeterSpec, ...] = ()
    knobs: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()
    outlasts_run: bool = True

    def __str__(self) -> str:
        return f"{self.user + '@' if self.user else ''}{self.address}:{self.port}"

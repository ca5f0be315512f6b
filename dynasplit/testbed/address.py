"""The address of a host: login, knobs, meters, CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Option = str | int | float | bool


@dataclass(frozen=True)
class MeterSpec:
    """A meter program.

    Attributes:
        name: its own. options: those that it is given.
        runs_on: the machine that it runs on; None: the host that it measures.
    """

    name: str
    options: Mapping[str, Option] = field(default_factory=dict)
    runs_on: HostAddress | Literal["controller"] | None = None


@dataclass(frozen=True)
class HostAddress:
    """One host as the configuration names it.

    Attributes:
        address: as people write it: name, number or alias, with user and port if they like.
        port: of its SSH server; None: as ssh would take it (and so for the next three).
        user: to log in as.
        key_file: private key.
        known_hosts: file with the host's key.
        heeds_ssh_config: False: what the user's ssh configuration says counts for nothing.
        python: the interpreter with the host's requirements.
        runtime: the library that computes its part; `auto`: the first that is there.
        tf32: its GPU may round the factors of products to 10 bits.
        link_address: its address in the network between edge and cloud; empty: the same as ssh's.
        link_port: the cloud's port there, for tensors; 0: any that is free.
        meters: the meter programs that measure it.
        knobs: the knob programs of this host.
        cpus: those that its agent keeps to; empty: all.
        uses_gpu: tails run on its GPU in some configuration: a meter that counts must see it.
        outlasts_run: its settings are there after the run, and must be what they were.
    """

    address: str = ""
    port: int | None = None
    user: str | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    python: str = "python3"
    link_address: str = ""
    link_port: int = 0
    meters: tuple[MeterSpec, ...] = ()
    knobs: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()
    heeds_ssh_config: bool = True
    outlasts_run: bool = True
    uses_gpu: bool = False
    runtime: str = "auto"
    tf32: bool = True

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        return f"{user}{self.address}{f':{self.port}' if self.port else ''}"


def meter_machines(host: HostAddress) -> list[HostAddress]:
    """The machines beside a host that its meters' programs run on, each once."""
    return list(dict.fromkeys(m.runs_on for m in host.meters if isinstance(m.runs_on, HostAddress)))

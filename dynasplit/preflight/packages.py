"""The packages that a host needs, as its requirements file pins them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from dynasplit.preflight.findings import Finding, error, ok, warning
from hosts.wire.preflight import FirstLook

_ROOT = Path(__file__).resolve().parents[2]


_IN_PLACE_OF = {"tensorflow-cpu": "tensorflow"}
"""A build for GPUs computes on CPUs too."""


def file_of(role: str, *, gpu: bool = False) -> str:
    """The requirements file of a host's role, from the project's folder on.

    Args:
        role: edge or cloud.
        gpu: the host has a GPU that tails are to run on.
    """
    return f"hosts/requirements-{role}{'-gpu' if gpu else ''}.txt"


def asked_for(role: str) -> list[str]:
    """The names of all packages that may be there for a role."""
    names = [one.name for one in requirements(role)]
    return list(dict.fromkeys([*names, *(_IN_PLACE_OF[n] for n in names if n in _IN_PLACE_OF)]))


@cache
def requirements(role: str) -> tuple[Requirement, ...]:
    """What the file asks for."""
    lines = (_ROOT / file_of(role)).read_text(encoding="utf-8").splitlines()
    return tuple(Requirement(line) for line in lines if line.strip() and line[0] != "#")


def needed(role: str, machine: str) -> dict[str, Requirement]:
    """Those that a machine of this architecture needs, by name."""
    told: Mapping[str, str] = {"platform_machine": machine}
    return {
        one.name: one
        for one in requirements(role)
        if one.marker is None or one.marker.evaluate(dict(told))
    }


def check(role: str, first: FirstLook) -> Iterator[Finding]:
    """Name what is missing, and what is there in another version."""
    if "versions" in first.failed:
        yield error(role, "packages", first.failed["versions"], "use a newer Python there")
        return
    wanted = {_there(name, first): one for name, one in needed(role, first.machine).items()}
    missing = [name for name in wanted if first.versions.get(name) is None]
    other = [
        f"{name} {found} ({one.specifier})"
        for name, one in wanted.items()
        if (found := first.versions.get(name)) and not one.specifier.contains(found, True)
    ]
    install = (
        f"+experiment=provision installs {file_of(role)}, or pip with the interpreter in "
        f"hosts.{role}.python"
    )
    if missing:
        yield error(role, "packages", f"missing: {', '.join(missing)}", install)
    if other:
        yield warning(role, "packages", f"other versions: {', '.join(other)}", install)
    if not missing and not other:
        yield ok(role, "packages", f"all {len(wanted)} of {file_of(role)}")


def _there(name: str, first: FirstLook) -> str:
    """The package, or the one that is there in its place."""
    other = _IN_PLACE_OF.get(name, name)
    return other if first.versions.get(name) is None and first.versions.get(other) else name

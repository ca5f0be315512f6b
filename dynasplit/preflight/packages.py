"""The packages that a host needs, as its requirements file pins them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from dynasplit.preflight.findings import Finding, error, ok, warning
from hosts.models.runtimes import AUTO, for_role
from hosts.wire.preflight import FirstLook

_ROOT = Path(__file__).resolve().parents[2]


_IN_PLACE_OF = {"tensorflow-cpu": "tensorflow", "onnxruntime": "onnxruntime-gpu"}
"""A build for GPUs computes on CPUs too."""


def file_of(role: str, *, gpu: bool = False, runtime: str = AUTO) -> str:
    """The requirements file of a host's role, from the project's folder on.

    Args:
        role: edge or cloud.
        gpu: the host has a GPU that tails are to run on.
        runtime: the library that computes its part; the first one of a role needs not be named.
    """
    first = runtime in (AUTO, for_role(role)[0])
    return f"hosts/requirements-{role}{'' if first else f'-{runtime}'}{'-gpu' if gpu else ''}.txt"


def asked_for(role: str, runtime: str = AUTO) -> list[str]:
    """The names of all packages that may be there for a role."""
    names = [one.name for name in _candidates(role, runtime) for one in requirements(role, name)]
    return list(dict.fromkeys([*names, *(_IN_PLACE_OF[n] for n in names if n in _IN_PLACE_OF)]))


@cache
def requirements(role: str, runtime: str = AUTO, *, gpu: bool = False) -> tuple[Requirement, ...]:
    """What the file asks for."""
    file = _ROOT / file_of(role, runtime=runtime, gpu=gpu)
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(Requirement(line) for line in lines if line.strip() and line[0] != "#")


def needed(role: str, first: FirstLook, runtime: str = AUTO) -> dict[str, Requirement]:
    """Those that a machine of this architecture and interpreter needs, by name."""
    python = ".".join(map(str, first.python[:2]))
    told = {"platform_machine": first.machine, "python_version": python}
    return {
        one.name: one
        for one in requirements(role, runtime)
        if one.marker is None or one.marker.evaluate(told)
    }


def check(role: str, first: FirstLook, runtime: str = AUTO) -> Iterator[Finding]:
    """Name what is missing, and what is there in another version.

    Where no runtime is asked for, the host is held to the one that it lacks least of.
    """
    if "versions" in first.failed:
        yield error(role, "packages", first.failed["versions"], "use a newer Python there")
        return
    runtime = min(_candidates(role, runtime), key=lambda name: len(_lacking(role, first, name)))
    wanted = dict(
        _as_there(role, runtime, one, first) for one in needed(role, first, runtime).values()
    )
    missing = [name for name in wanted if first.versions.get(name) is None]
    other = [
        f"{name} {found} ({one.specifier})"
        for name, one in wanted.items()
        if (found := first.versions.get(name)) and not one.specifier.contains(found, True)
    ]
    file = file_of(role, runtime=runtime)
    install = (
        f"+experiment=provision installs {file}, or pip with the interpreter in hosts.{role}.python"
    )
    if missing:
        yield error(role, "packages", f"missing: {', '.join(missing)}", install)
    if other:
        yield warning(role, "packages", f"other versions: {', '.join(other)}", install)
    if not missing and not other:
        yield ok(role, "packages", f"all {len(wanted)} of {file}")


def _candidates(role: str, runtime: str) -> list[str]:
    return for_role(role, "keras") if runtime == AUTO else [runtime]


def _lacking(role: str, first: FirstLook, runtime: str) -> list[str]:
    names = (_there(name, first) for name in needed(role, first, runtime))
    return [name for name in names if first.versions.get(name) is None]


def _as_there(
    role: str, runtime: str, one: Requirement, first: FirstLook
) -> tuple[str, Requirement]:
    """A package by name; the build for GPUs that is there in its place has a version of its own."""
    name = _there(one.name, first)
    if name == one.name or role != "cloud":
        return name, one
    of_gpu = {other.name: other for other in requirements(role, runtime, gpu=True)}
    return name, of_gpu.get(name, one)


def _there(name: str, first: FirstLook) -> str:
    """The package, or the one that is there in its place."""
    other = _IN_PLACE_OF.get(name, name)
    return other if first.versions.get(name) is None and first.versions.get(other) else name

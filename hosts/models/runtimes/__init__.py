"""Runtimes, a folder each: the libraries that compute heads on the edge and tails in the cloud."""

from __future__ import annotations

from hosts.core.errors import ModelError
from hosts.core.modules import load, module_names, own_class
from hosts.models.runtimes.base import Runtime

__all__ = ["AUTO", "TITLES", "Runtime", "find", "for_role", "names", "settled"]

AUTO = "auto"
TITLES = {"keras": "Keras", "onnx": "ONNX"}
"""The kinds of networks as their makers write them."""
_FIRST = ("litert", "tensorflow", "jax", "onnx")
"""In this order those that can do the work are tried where none is asked for."""


def names() -> list[str]:
    """Every runtime there is."""
    return module_names(__path__)


def find(name: str) -> type[Runtime]:
    """The runtime of that name.

    Raises:
        ModelError: there is none.
    """
    if name not in names():
        raise ModelError(f"runtime {name!r} asked; allowed: {AUTO}, {', '.join(names())}")
    found = own_class(load(__name__, name), Runtime, name)
    if found is None:
        raise ModelError(f"{__name__}.{name} has no Runtime of its own with the name {name!r}")
    return found


def for_role(role: str, graph: str | None = None) -> list[str]:
    """The names of those that compute an edge's heads, or a cloud's tails.

    Args:
        role: edge or cloud.
        graph: the kind of network, see `Manifest.graph`; None: any.
    """
    part = "heads" if role == "edge" else "tails"
    able = [
        name
        for name in names()
        if getattr(find(name), part) and graph in (None, *find(name).graphs)
    ]
    return sorted(able, key=lambda name: (_FIRST.index(name) if name in _FIRST else 99, name))


def settled(
    role: str, asked: str = AUTO, *, has_gpu: bool = False, graph: str | None = None
) -> type[Runtime]:
    """The runtime that a host computes its part with.

    Where none is asked for, one that is made for GPUs goes first on a host that has one.

    Args:
        role: edge or cloud.
        asked: its name, or `auto`.
        has_gpu: the host has a GPU.
        graph: the kind of network; None: not known yet.

    Raises:
        ModelError: the one asked for cannot do this part, or is not installed; none is.
    """
    able = for_role(role, graph)
    if asked != AUTO:
        if asked not in able:
            of = f" for a network of {TITLES.get(graph, graph)}" if graph else ""
            raise ModelError(
                f"runtime {asked} asked of the {role}{of}; allowed: {AUTO}, {', '.join(able)}"
            )
        runtime = find(asked)
        if not runtime.is_here():
            raise ModelError(
                f"runtime {asked} asked of the {role}, which has no {_missing(runtime)}; "
                f"hosts/requirements-{role}-{asked}.txt says what it needs"
            )
        return runtime
    here = [find(name) for name in able if find(name).is_here()]
    if has_gpu:
        here.sort(key=lambda runtime: not runtime.computes_on_gpu())
    if not here:
        of = f" of a network of {TITLES.get(graph, graph)}" if graph else ""
        raise ModelError(
            f"the {role} has no library that computes its part{of}: one of {', '.join(able)} is "
            f"needed; hosts/requirements-{role}*.txt say what each needs"
        )
    return here[0]


def _missing(runtime: type[Runtime]) -> str:
    from importlib.util import find_spec

    return ", ".join(name for name in runtime.libraries if find_spec(name) is None)

"""The files that figures become: their formats, and whether a title stands above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """What figures are written as.

    Attributes:
        formats: endings of the files that Matplotlib writes. titles: whether a title stands above.
    """

    formats: Sequence[str] = ("png",)
    titles: bool = True


_PNG = Output()
_OUTPUT: ContextVar[Output] = ContextVar("output", default=_PNG)


def output() -> Output:
    """What figures are written as now."""
    return _OUTPUT.get()


@contextmanager
def written_as(formats: Sequence[str], *, titles: bool = True) -> Iterator[None]:
    """Figures drawn in this context are written in these formats, beside each other."""
    token = _OUTPUT.set(Output(tuple(formats), titles))
    try:
        yield
    finally:
        _OUTPUT.reset(token)

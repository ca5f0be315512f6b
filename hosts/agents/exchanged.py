"""What goes to the cloud for a batch, and what comes back."""

from __future__ import annotations

from typing import NamedTuple

from hosts.core.errors import WireError
from hosts.machine.base import HeadTiming, Payload
from hosts.wire.frames import TensorHeader
from hosts.wire.messages import RunOrder, TailResult


class Begun(NamedTuple):
    """A batch whose head is done, waiting for its result."""

    request: int
    images: tuple[int, ...]
    timing: HeadTiming
    sent_bytes: int


def check_result(begun: Begun, result: TailResult) -> None:
    """Refuse what is no answer to this batch.

    Raises:
        WireError: of another request, or with classes for more or fewer images.
    """
    if result.request != begun.request:
        raise WireError(f"result of request {begun.request} expected, found {result.request}'s")
    if len(result.tops) != len(begun.images) or not all(result.tops):
        raise WireError(
            f"classes of {len(begun.images)} images expected of the cloud, found {result.tops!r}"
        )


def header_of(
    order: RunOrder,
    request: int,
    images: tuple[int, ...],
    payload: Payload,
    arrives_ns: int | None,
    run_start_ns: int | None,
) -> TensorHeader:
    """The header of a tensor, or of none where the cloud can reuse its output."""
    return TensorHeader(
        request=request,
        images=images,
        run=order.run,
        network=order.network,
        split_point=order.split_point,
        cloud_gpu=order.cloud_gpu,
        codec=order.codec,
        dtype=payload.dtype,
        shape=payload.shape,
        scale=payload.scale,
        zero_point=payload.zero_point,
        reuse=payload.body is None,
        arrives_ns=arrives_ns,
        run_start_ns=run_start_ns,
    )

"""Messages between controller and agents.

Control calls are unary gRPC calls with msgpack bodies; the session stream is an agent's lifeline.
Times are nanoseconds on the clock of the host that says them. An emulated board has a
clock of its own, in board time, carried from board to board as `board_ns` (None on real machines).
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hosts.core.errors import WireError
from hosts.wire.computed import Ran, TailFacts
from hosts.wire.samples import HostSample, Noted
from hosts.wire.window_rules import WindowRules

PROTOCOL = 5
SERVICE = "dynasplit.Agent"
TENSOR_SERVICE = "dynasplit.Tails"
MESSAGE_LIMIT_BYTES = 64 * 1024 * 1024
UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)
"""What reading a peer's bytes raises: malformed, no text, nested too deeply, too large."""
T = TypeVar("T")


class Message(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Any message: the sender's protocol version, and board time where there is any."""

    protocol: int = PROTOCOL
    board_ns: int | None = None


class StartOrder(Message):
    """The first line on an agent's standard input.

    Attributes:
        role: edge or cloud.
        knobs: the knob programs to use on this host.
        listen: address of the tensor port (cloud), in the link's network. listen_port: 0: any.
        key_pem: this agent's private key. certificate_pem: its own. authority_pem: who signed it.
        cpus: those that the agent and its threads keep to; empty: all.
        controller: who asks: user, host and process; told to others that ask for this host.
        runtime: the library that computes this host's part; `auto`: the first that is there.
        tf32: whether a GPU may round the factors of products to 10 bits.
    """

    role: str
    knobs: tuple[str, ...]
    key_pem: str
    certificate_pem: str
    authority_pem: str
    listen: str = "127.0.0.1"
    listen_port: int = 0
    cpus: tuple[int, ...] = ()
    controller: str = ""
    runtime: str = "auto"
    tf32: bool = True


class Started(Message):
    """The first line on an agent's standard output."""

    control_port: int
    tensor_port: int | None
    pid: int
    facts: dict[str, str | int | float | bool | None]
    restored: bool


class Refused(Message):
    """An error on a host: its class, its words, and whether it passes by itself."""

    kind: str
    message: str
    transient: bool = False


class ConnectOrder(Message):
    """Edge: open the stream to the cloud's tensor port, under mutual TLS.

    Attributes:
        address: of the cloud, as the edge reaches it. port: its tensor port.
        within_s: the cloud must answer there in so long; None: that is not tried now.
    """

    address: str
    port: int
    within_s: float | None = None


class KnobsOrder(Message):
    """Set these knobs; an empty order reads only."""

    knobs: dict[str, int | str | bool] = {}


class KnobsSet(Message):
    """The current and the allowed values of each knob of this host."""

    knobs: dict[str, int | str | bool]
    allowed: dict[str, tuple[int | str | bool, ...]]


class ConditionsOrder(KnobsOrder):
    """Check that these knobs still read as they were set, and observe the host's conditions."""


class Conditions(Message):
    """The conditions that are known on a host, by name, and what was sampled since last asked."""

    values: dict[str, float]
    samples: list[HostSample] = []
    noted: Noted = Noted()


class IdleOrder(Message):
    """Do nothing for a while: the idle baseline. `run` keys emulated noise."""

    run: str
    duration_s: float


class Idled(Message):
    """The idle window on this host's clock."""

    start_ns: int
    end_ns: int
    noted: Noted = Noted()


class JudgeOrder(Message):
    """Judge the outputs of what ends on this host at a split point, or say what was judged.

    Attributes:
        begin: from now on; False: no more, and the answers are asked for.
    """

    split_point: int
    codec: str
    begin: bool


class Judged(Message):
    """Image, highest classes and mean absolute difference to the unsplit network's outputs."""

    answers: tuple[tuple[int, tuple[int, ...], float | None], ...] = ()


IN_FLIGHT = 3
"""Batches not answered yet, at most, in throughput mode: at the tail, waiting, on the link."""


class RunOrder(Message):
    """Measure one window of inferences.

    Attributes:
        run: names the run (configuration, repeat, request); keys emulated noise.
        codec: how tensors are sent. batch_size: images that head and tail take at once.
        knobs: the edge's, verified before and after. images: these in turn, by index.
        window: which inferences count, and when there are enough.
        lead_out_s: inferences go on for so long afterwards. is_request: one is served alone.
    """

    run: str
    network: str
    split_point: int
    edge_accelerator: str
    cloud_gpu: bool
    knobs: dict[str, int | str | bool]
    images: tuple[int, ...]
    window: WindowRules
    lead_out_s: float
    codec: str = "none"
    batch_size: int = 1
    is_request: bool = False


class Inference(msgspec.Struct, array_like=True):
    """One inference; those of a batch have the same times: all are done when the batch is.

    Edge times are on the edge's clock; times of tail and decoding on the cloud's, None where
    there is no tail.

    Attributes:
        image: the image's index.
        start_ns: the head starts. head_ns: it is done. end_ns: the result is there.
        tail_start_ns: the tail starts. tail_end_ns: it is done.
        top1: the class with the highest output. encoded_ns: the tensor is encoded, from head_ns.
        decode_start_ns: decoding starts. decode_end_ns: it is done.
        sent_bytes: of the whole batch's tensor on the wire.
    """

    image: int
    start_ns: int
    head_ns: int
    end_ns: int
    tail_start_ns: int | None
    tail_end_ns: int | None
    top1: int
    encoded_ns: int | None = None
    decode_start_ns: int | None = None
    decode_end_ns: int | None = None
    sent_bytes: int = 0


class RunReport(Message):
    """All inferences of a run in order; `first` to `last` (exclusive) are the window's.

    Attributes:
        tensor_bytes: of one image's tensor before it is encoded; 0: nothing is sent.
        mode, batch_size: as ordered; batches are whole in the window.
        conditions, samples, noted: observed on the edge just after the run, or during it.
        ran: with what it was computed.
    """

    inferences: list[Inference]
    first: int
    last: int
    tensor_bytes: int
    mode: str = "latency"
    batch_size: int = 1
    conditions: dict[str, float] = {}
    samples: list[HostSample] = []
    noted: Noted = Noted()
    ran: Ran = Ran()


class TailResult(msgspec.Struct, kw_only=True):
    """The cloud's answer to a tensor.

    Attributes:
        tops: of each image of the batch, the classes of the highest outputs.
        refused: why it could not be served; None: it was.
        facts: told with a run's first tensor.
    """

    protocol: int = PROTOCOL
    request: int
    start_ns: int = 0
    end_ns: int = 0
    decode_start_ns: int = 0
    decode_end_ns: int = 0
    tops: tuple[tuple[int, ...], ...] = ()
    refused: Refused | None = None
    facts: TailFacts | None = None


_encoder = msgspec.msgpack.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """The message's bytes; WireError if it holds text or a number that none can carry."""
    try:
        return _encoder.encode(message)
    except UNREADABLE as error:
        raise WireError(f"{type(message).__name__} cannot be sent: {error}") from error


def decode(body: bytes, kind: type[T]) -> T:
    """Read a message; WireError if it is malformed, or of another protocol version."""
    try:
        message = msgspec.msgpack.decode(body, type=kind)
    except UNREADABLE as error:
        raise WireError(f"{kind.__name__} expected, found something else: {error}") from error
    check_protocol(getattr(message, "protocol", None))
    return message


def check_protocol(version: int | None) -> None:
    """Refuse a peer that speaks another version."""
    if version != PROTOCOL:
        raise WireError(
            f"protocol version {version} found, {PROTOCOL} is spoken here; "
            "run the same version of the project on controller and hosts"
        )

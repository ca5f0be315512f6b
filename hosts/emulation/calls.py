"""Calls of agents, knobs and meters to an emulated board, over its unix socket.

Each call and each answer is a JSON line. Times are in board time.
"""

from __future__ import annotations

import msgspec

from hosts.wire.samples import HostSample


class Call(msgspec.Struct, tag=True, kw_only=True, forbid_unknown_fields=True):
    """Any call; `board_ns` carries the time that another board has reached."""

    board_ns: int | None = None


class Now(Call):
    """Board time; nothing else happens."""


class Describe(Call):
    """Ask for the board's facts."""


class Settle(Call):
    """Answer all writes to the sysfs tree."""


class Begin(Call):
    """Begin a run."""

    run: str


class OpenAccelerator(Call):
    """Open the accelerator in a mode; `off` closes it."""

    mode: str


class Place(Call):
    """Let tails run on the GPU or on the CPU from now on."""

    gpu: bool


class Head(Call):
    """Run a head, and say when its tensor, encoded and sent at once, arrives in the cloud.

    Attributes:
        sent_share: what is sent, as a share of the tensor's bytes.
    """

    network: str
    split_point: int
    request: int
    batch_size: int = 1
    codec: str = "none"
    sent_share: float = 1.0


class Rest(Call):
    """Let time pass until `until_ns`."""

    until_ns: int


class Tail(Call):
    """Decode a tensor that arrives at a time, and run its tail, in a run begun by the edge."""

    run: str
    run_start_ns: int
    network: str
    split_point: int
    gpu: bool
    request: int
    arrives_ns: int
    batch_size: int = 1
    codec: str = "none"


class Idle(Call):
    """An idle window of its own."""

    run: str
    duration_ns: int


class Loop(Call):
    """Go through a loop of pure computing on one CPU, in a run of its own."""

    run: str
    iterations: int


class Look(Call):
    """What the board's kernel would tell of it now; no time passes."""


class Load(Call):
    """Rest and then load all CPUs, in turns of (rest, load)."""

    run: str
    turns_ns: list[tuple[int, int]]


class Link(Call):
    """How long the link takes for so many KB, and for the answer."""

    sent_kb: float


class Readings(Call):
    """The meter's readings from an index on; waits until there are some."""

    first: int


class Exact(Call):
    """The exact energy between two times: for tests."""

    start_ns: int
    end_ns: int


class Noticed(Call):
    """When the edge notices the end of its oldest inference that has not ended.

    Attributes:
        tail_end_ns: when its tail ended on the cloud's clock.
    """

    tail_end_ns: int


class Meant(Call):
    """The board time that the host's clock tells so."""

    told_ns: int


class Drawn(Call):
    """The energy drawn between two times; the board rests in what has not come yet."""

    start_ns: int
    end_ns: int


class Answer(msgspec.Struct, kw_only=True):
    """The answer to any call.

    Attributes:
        now_ns: board time. error: why the call was refused; the rest is then empty.
        start_ns: of the work done, run begun or window. end_ns: likewise.
        encoded_ns: when the tensor is encoded. decode_ns: how long decoding took, until start_ns.
        arrives_ns: when a tensor sent now arrives. refused: sysfs writes refused.
        readings: (time in ns, W). joules: exact energy. facts: what the board is.
        spans: start and end of each load. seen: the board as it sees itself.
    """

    now_ns: int = 0
    error: str | None = None
    start_ns: int = 0
    end_ns: int = 0
    encoded_ns: int = 0
    decode_ns: int = 0
    arrives_ns: int = 0
    refused: list[str] = []
    readings: list[tuple[int, float]] = []
    joules: float | None = None
    facts: dict[str, str | int | float | bool | list[str]] = {}
    spans: list[tuple[int, int]] = []
    seen: list[HostSample] = []


AnyCall = (
    Now | Describe | Settle | Begin | OpenAccelerator | Place | Head | Rest | Tail | Idle
    | Readings | Exact | Drawn | Noticed | Meant | Loop | Load | Link
    | Look
)  # fmt: skip

encode = msgspec.json.Encoder().encode
decode_call = msgspec.json.Decoder(AnyCall).decode
decode_answer = msgspec.json.Decoder(Answer).decode

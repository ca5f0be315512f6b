"""Bytes that no program of ours sends: refused at the border, at once, in words."""

import json
import struct
import time
from contextlib import contextmanager, suppress

import lz4.frame
import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from hosts.core.errors import WireError
from hosts.wire.files import Found
from hosts.wire.frames import TensorHeader, pack, tensor_of, unpack
from hosts.wire.messages import PROTOCOL as NOW
from hosts.wire.messages import Conditions, Refused, RunReport, TailResult, decode, encode
from hosts.wire.readings import read_header, read_reading

HEADER = {
    "protocol": NOW,
    "request": 1,
    "images": [0],
    "run": "run",
    "network": "net",
    "split_point": 1,
    "cloud_gpu": False,
    "dtype": "float32",
    "shape": [1, 4],
}
BODY = bytes(16)


def framed(body: bytes = BODY, **more: object) -> bytes:
    head = msgspec.msgpack.encode({**HEADER, **more})
    return struct.pack("<I", len(head)) + head + bytes(-(4 + len(head)) % 16) + body


@contextmanager
def refused_at_once(said: str):
    started_s = time.perf_counter()
    with pytest.raises(WireError, match=said) as refused:
        yield
    assert time.perf_counter() - started_s < 0.1
    assert len(str(refused.value)) < 1000


def test_a_frame_of_these_tests_is_taken():
    assert tensor_of(*unpack(framed())).array.shape == (1, 4)
    assert tensor_of(*unpack(framed(scale=0.5, zero_point=-128))).scale == 0.5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"shape": [1] * 100_000}, "with 100000 sides found; allowed: up to 32"),
        ({"shape": [1] + [2] * 100_000}, "with 100001 sides found"),
        ({"shape": [1, 2**63, 2**63]}, "allowed: up to 64 MB"),
        ({"shape": [1, 0, 2**63]}, "allowed: up to 64 MB"),
        ({"shape": [1, 2**64 - 1]}, "allowed: up to 64 MB"),
        ({"shape": [1, -4]}, "allowed: up to 64 MB"),
        ({"shape": [1, 5]}, "of 20 bytes announced, 16 found"),
        ({"scale": float("nan")}, "scale nan found; allowed: a finite number above 0"),
        ({"scale": float("inf")}, "scale inf found"),
        ({"scale": 0.0}, r"scale 0\.0 found"),
        ({"scale": 1.0, "zero_point": 2**63}, "zero point 9223372036854775808 found"),
        ({"images": [10**9] * 5}, "for 5 images"),
    ],
)
@pytest.mark.fault(
    group="wire",
    fault="a tensor of 100,000 sides, of huge numbers, of more than there is",
    seen="refused at once: `with 100000 sides found; allowed: up to 32`",
)
def test_a_header_that_claims_what_cannot_be_is_refused(more, said):
    with refused_at_once(said):
        tensor_of(*unpack(framed(**more)))


def test_a_header_longer_than_its_frame_is_refused():
    with refused_at_once("it is truncated, or its header longer"):
        unpack(struct.pack("<I", 2**32 - 1) + b"abc")


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.fault(
    group="wire",
    fault="a compressed tensor that unpacks to far more",
    seen="refused before it unpacks: `of 16 bytes announced`",
)
def test_a_bomb_is_refused_before_it_unpacks(codec):
    zeros = bytes(2**28)
    pressed = zstandard.ZstdCompressor().compress(zeros) if codec == "zstd" else None
    bomb = pressed or lz4.frame.compress(zeros)
    del zeros
    with refused_at_once("of 16 bytes announced"):
        tensor_of(*unpack(framed(bomb, codec=codec)))


def test_a_zstd_frame_that_lies_about_its_size_is_refused():
    honest = zstandard.ZstdCompressor().compress(bytes(2**28))
    at = honest.index((2**28).to_bytes(4, "little"))
    lying = honest[:at] + (16).to_bytes(4, "little") + honest[at + 4 :]
    assert zstandard.frame_content_size(lying) == 16
    with refused_at_once("zstd tensor is truncated or corrupted"):
        tensor_of(*unpack(framed(lying, codec="zstd")))


PROTOCOL = b"\xa8protocol" + bytes([NOW])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\x82" + PROTOCOL + b"\xa1\xff\x00", Conditions),
        (b"\x83" + PROTOCOL + b"\xa4kind\xa2\xed\xa0\xa7message\xa1a", Refused),
        (b"\x83" + PROTOCOL + b"\xa4kind\xa3\xed\xa0\x80\xa7message\xa1a", Refused),
        (b"\x82" + PROTOCOL + b"\xa5paths\xdf\xff\xff\xff\xff", Found),
        (b"\x82" + PROTOCOL + b"\xaainferences\xdd\xff\xff\xff\xff", RunReport),
        (b"\x82" + PROTOCOL + b"\xa1x" + b"\x91" * 5_000_000, TailResult),
        (b"\x91" * 5_000_000, TailResult),
    ],
    ids=["key", "cut_surrogate", "surrogate", "map", "array", "nested", "nested_at_once"],
)
@pytest.mark.fault(
    group="wire",
    fault="text from a peer that is not UTF-8, or a lone surrogate",
    seen="refused at once: `expected, found something else`",
)
def test_a_message_that_cannot_be_read_is_refused(body, kind):
    with refused_at_once(f"{kind.__name__} expected, found something else"):
        decode(body, kind)


def test_what_no_message_can_carry_is_refused_where_it_is_sent():
    with refused_at_once("Refused cannot be sent"):
        encode(Refused(kind="\ud800", message=""))
    with refused_at_once("Conditions cannot be sent"):
        encode(Conditions(values={}, board_ns=2**70))
    header = msgspec.convert(HEADER, TensorHeader)
    with refused_at_once("TensorHeader cannot be sent"):
        pack(msgspec.structs.replace(header, run="\udcff"), BODY)


@pytest.mark.parametrize(
    "line", ["1 nan", "1 inf", "1 -inf", "1 1e400", f"{2**63} 5", f"{'9' * 5000} 5", "\udcff 5"]
)
@pytest.mark.fault(
    group="wire",
    fault="a meter's reading that is no number",
    seen="refused: `expected of a meter`",
)
def test_a_reading_that_is_no_number_is_refused(line):
    with refused_at_once("expected of a meter"):
        read_reading(line)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"period_s": 0.0},
        {"period_s": -1.0},
        {"error_pct": -2.0},
        {"channels": [{"domain": "Wall!"}]},
        {"meter": "\udcff"},
    ],
)
def test_a_meters_header_that_cannot_be_is_refused(spoilt):
    whole = {
        "meter": "m",
        "identity": "i",
        "channels": [{"domain": "wall"}],
        "period_s": 0.1,
        "error_pct": 1.0,
        "emulated": False,
    }
    assert read_header(msgspec.json.encode(whole).decode()).period_s == 0.1
    with refused_at_once("a meter's header"):
        read_header(json.dumps({**whole, **spoilt}, ensure_ascii=False))


@settings(max_examples=100, deadline=None)
@given(
    frame=st.builds(
        lambda at, byte, by: framed(codec=by)[:at] + bytes([byte]) + framed(codec=by)[at + 1 :],
        st.integers(0, len(framed()) - 1),
        st.integers(0, 255),
        st.sampled_from(["none", "zstd", "lz4"]),
    )
)
def test_one_spoilt_byte_is_refused_or_gives_the_tensor_it_says(frame):
    try:
        header, body = unpack(frame)
        tensor = tensor_of(header, body)
    except WireError:
        return
    assert tensor.array.shape == header.shape
    assert tensor.array.dtype == np.dtype(header.dtype)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60), kind=st.sampled_from([RunReport, Conditions, TailResult]))
@pytest.mark.fault(
    group="wire",
    fault="bytes from a peer that are no message",
    seen="refused in words at the border",
)
def test_any_bytes_are_a_message_or_refused(body, kind):
    with suppress(WireError):
        assert isinstance(decode(body, kind), kind)


@settings(max_examples=100, deadline=None)
@given(line=st.text(max_size=20))
def test_any_line_is_a_reading_or_refused(line):
    try:
        time_ns, watts = read_reading(line)
    except WireError:
        return
    assert isinstance(time_ns, int)
    assert all(w is None or np.isfinite(w) for w in watts)

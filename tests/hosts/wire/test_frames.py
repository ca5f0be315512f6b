"""Tensor frames: what goes in comes out, and what is broken is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hosts.codecs.base import bytes_of
from hosts.core.errors import WireError
from hosts.wire.frames import TensorHeader, pack, tensor_of, unpack
from hosts.wire.messages import MESSAGE_LIMIT_BYTES, PROTOCOL, decode, encode


def header(tensor: np.ndarray, **more: object) -> TensorHeader:
    return TensorHeader(
        **{
            "request": 1,
            "images": tuple(range(len(tensor))),
            "run": "run",
            "network": "net",
            "split_point": 3,
            "cloud_gpu": True,
            "dtype": tensor.dtype.name,
            "shape": tensor.shape,
            **more,
        }
    )


def framed(tensor: np.ndarray, **more: object) -> bytes:
    return pack(header(tensor, **more), bytes_of(tensor))


def back(frame: bytes) -> np.ndarray:
    return tensor_of(*unpack(frame)).array


@given(
    npst.arrays(
        st.sampled_from([np.int8, np.uint8, np.float16, np.float32]),
        npst.array_shapes(max_dims=4, max_side=6, min_side=0),
    )
)
def test_a_tensor_survives_the_wire(tensor):
    frame = framed(tensor)
    found = back(frame)
    assert unpack(frame)[0] == header(tensor)
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert found.tobytes() == tensor.tobytes()


def test_a_tensor_is_a_view_of_its_frame_and_aligned():
    frame = framed(np.ones((4, 6), np.float32))
    found = back(frame)
    assert np.shares_memory(found, np.frombuffer(frame, np.uint8))
    assert found.flags.aligned
    assert found.ctypes.data % 16 == 0


def test_a_non_contiguous_tensor_is_sent_in_c_order():
    tensor = np.arange(24, dtype=np.float32).reshape(4, 6).T
    np.testing.assert_array_equal(back(framed(tensor)), tensor)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.5, 0.99])
def test_a_truncated_frame_is_refused(share):
    frame = framed(np.ones(400, np.int8))
    with pytest.raises(WireError):
        back(frame[: int(share * len(frame))])


def test_a_wrong_size_names_both_sizes():
    frame = pack(header(np.ones(4, np.int8)), bytes_of(np.ones(5, np.int8)))
    with pytest.raises(WireError, match="of 4 bytes announced, 5 found"):
        back(frame)


def test_another_type_is_refused():
    with pytest.raises(WireError, match="'int64' found; allowed: int8"):
        back(framed(np.ones(2, np.int64)))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"codec": "gzip"}, "codec 'gzip' found; allowed: none, lz4"),
        ({"shape": (4, -1)}, r"shape \(4, -1\) and type int8 found; allowed: up to 64 MB"),
        ({"shape": (4, 10**9)}, "allowed: up to 64 MB"),
        ({"shape": ()}, "for 4 images"),
        ({"images": (1,)}, r"shape \(4,\) found for 1 images"),
    ],
)
def test_a_header_that_cannot_be_is_refused(more, said):
    with pytest.raises(WireError, match=said):
        back(framed(np.ones(4, np.int8), **more))


def test_a_frame_over_the_limit_is_refused_where_it_is_made():
    tensor = np.zeros(MESSAGE_LIMIT_BYTES, np.int8)
    with pytest.raises(WireError, match=r"64\.0 MB asked to be sent; allowed: 64 MB"):
        pack(header(tensor[:1]), bytes_of(tensor))


def test_another_protocol_version_is_refused():
    other = header(np.ones(2, np.int8), protocol=99)
    with pytest.raises(WireError, match=f"protocol version 99 found, {PROTOCOL} is spoken here"):
        unpack(pack(other, bytes_of(np.ones(2, np.int8))))
    with pytest.raises(WireError, match="version 99"):
        decode(encode(other), TensorHeader)

"""Tensor frames: what goes in comes out, and what is broken is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hosts.errors import WireError
from hosts.wire.frames import pack, unpack
from hosts.wire.messages import TensorHeader, decode, encode


def header(tensor: np.ndarray | None, **more: object) -> TensorHeader:
    return TensorHeader(
        **{
            "request": 1,
            "image": 2,
            "run": "run",
            "network": "net",
            "split_point": 3,
            "cloud_gpu": True,
            "dtype": "" if tensor is None else tensor.dtype.name,
            "shape": () if tensor is None else tensor.shape,
            **more,
        }
    )


@given(
    npst.arrays(
        st.sampled_from([np.int8, np.uint8, np.float16, np.float32]),
        npst.array_shapes(max_dims=4, max_side=6),
    )
)
def test_a_tensor_survives_the_wire(tensor):
    found, back = unpack(pack(header(tensor), tensor))
    assert found == header(tensor)
    assert back.dtype == tensor.dtype
    assert back.tobytes() == tensor.tobytes()


def test_a_non_contiguous_tensor_is_sent_in_c_order():
    tensor = np.arange(24, dtype=np.float32).reshape(4, 6).T
    _, back = unpack(pack(header(tensor), tensor))
    np.testing.assert_array_equal(back, tensor)


@pytest.mark.parametrize("length", [0, 3, 20])
def test_a_truncated_frame_is_refused(length):
    frame = pack(header(np.ones(4, np.int8)), np.ones(4, np.int8))
    with pytest.raises(WireError):
        unpack(frame[:length])


def test_a_wrong_size_names_both_sizes():
    frame = pack(header(np.ones(4, np.int8)), np.ones(5, np.int8))
    with pytest.raises(WireError, match="takes 4 bytes, 5 found"):
        unpack(frame)


def test_another_type_is_refused():
    with pytest.raises(WireError, match="'int64' found; allowed: int8"):
        unpack(pack(header(np.ones(2, np.int64)), np.ones(2, np.int64)))


def test_another_protocol_version_is_refused():
    other = header(np.ones(2, np.int8), protocol=99)
    with pytest.raises(WireError, match="protocol version 99 found, 1 is spoken here"):
        unpack(pack(other, np.ones(2, np.int8)))
    with pytest.raises(WireError, match="version 99"):
        decode(encode(other), TensorHeader)

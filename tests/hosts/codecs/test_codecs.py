"""Every codec there is: what goes in comes out, and what is broken is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hosts import codecs
from hosts.codecs import Tensor
from hosts.codecs.base import bytes_of
from hosts.core.errors import WireError

LOSSLESS = [name for name in codecs.names() if codecs.lossy_part(name) == "none"]
LOSSY = [name for name in codecs.names() if name not in LOSSLESS]
COMPRESSING = [name for name in codecs.names() if name.split("+")[-1] in ("lz4", "zstd")]
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7)
ANY = npst.arrays(st.sampled_from([np.int8, np.uint8, np.float16, np.float32]), SHAPES)
FLOATS = npst.arrays(
    np.float32, SHAPES, elements=st.floats(-60000, 60000, width=32, allow_subnormal=False)
)


def back(name: str, tensor: Tensor) -> Tensor:
    codec = codecs.find(name)
    seen, sent = codec.encode(tensor)
    raw = codec.decode(memoryview(sent).cast("B"), seen.array.nbytes)
    array = np.frombuffer(raw, seen.array.dtype).reshape(seen.array.shape)
    return Tensor(array, seen.scale, seen.zero_point)


def test_the_codecs_that_there_are():
    assert codecs.names() == [
        *("none", "lz4", "zstd", "float16", "int8"),
        *("float16+lz4", "float16+zstd", "int8+lz4", "int8+zstd"),
    ]
    assert codecs.lossy_part("int8+zstd") == "int8"
    with pytest.raises(WireError, match="codec 'gzip' found; allowed: none, lz4"):
        codecs.find("gzip")


@pytest.mark.parametrize("name", LOSSLESS)
@settings(max_examples=50, deadline=None)
@given(array=ANY)
def test_a_lossless_codec_gives_back_every_bit(name, array):
    found = back(name, Tensor(array, 0.5, 3)).array
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("name", LOSSY)
@settings(max_examples=50, deadline=None)
@given(array=FLOATS)
def test_a_lossy_codec_gives_back_nearly_the_same(name, array):
    found = back(name, Tensor(array))
    off = np.abs(found.real - array)
    if codecs.lossy_part(name) == "int8":
        assert np.all(off <= 0.5001 * found.scale + 1e-6)
        assert np.all(found.real[array == 0] == 0)
    else:
        assert np.all(off <= np.abs(array) * 2**-11 + 1e-7)
    assert found.array.nbytes < array.nbytes or not array.size


@pytest.mark.parametrize("name", LOSSY)
def test_what_is_quantised_already_stays_as_it_is(name):
    tensor = Tensor(np.arange(-128, 128, dtype=np.int8), 0.25, -7)
    found = back(name, tensor)
    np.testing.assert_array_equal(found.array, tensor.array)
    assert (found.scale, found.zero_point) == (0.25, -7)


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_quantiser_refuses_what_is_not_finite(name, value):
    with pytest.raises(WireError, match="needs finite values"):
        codecs.find(name).encode(Tensor(np.array([1, value], np.float32)))


@pytest.mark.parametrize("name", codecs.names())
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_truncated_payload_is_refused(name, data):
    array = data.draw(npst.arrays(np.int8, st.integers(1, 300)))
    codec = codecs.find(name)
    sent = bytes(codec.encode(Tensor(array))[1])
    cut = data.draw(st.integers(0, len(sent) - 1))
    with pytest.raises(WireError):
        codec.decode(memoryview(sent[:cut]), array.nbytes)


@pytest.mark.parametrize("name", COMPRESSING)
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_corrupted_payload_is_refused_or_makes_no_difference(name, data):
    array = data.draw(npst.arrays(np.int8, st.integers(1, 300)))
    codec = codecs.find(name)
    sent = bytearray(codec.encode(Tensor(array))[1])
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    try:
        found = codec.decode(memoryview(sent), array.nbytes)
    except WireError:
        return
    assert bytes(found) == array.tobytes()


@pytest.mark.parametrize("name", codecs.names())
def test_more_than_announced_is_refused_and_never_made(name):
    codec = codecs.find(name)
    _, sent = codec.encode(Tensor(np.zeros(5_000_000, np.int8)))
    with pytest.raises(WireError, match="100 bytes announced"):
        codec.decode(memoryview(sent).cast("B"), 100)


def test_plain_bytes_are_a_view():
    array = np.ones((3, 4), np.float32)
    assert np.shares_memory(np.frombuffer(bytes_of(array), np.uint8), array)
    assert codecs.find("none").encode(Tensor(array))[1].obj is not None

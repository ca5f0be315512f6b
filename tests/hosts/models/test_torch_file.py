"""Files of tensors that PyTorch wrote: read without it, and without running what they name."""

import io
import os
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.networks._torch_file import read_tensors

MAGIC = 0x1950A86A20F9469CFC6C


class Storage:
    """Elements, and the name of their kind, as `torch.FloatStorage`."""

    def __init__(self, key: str, kind: str, elements: np.ndarray) -> None:
        self.key, self.kind, self.elements = key, kind, elements


class Rebuilt:
    """A tensor, which is pickled as a call of torch's own function."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Writer(pickle.Pickler):
    def persistent_id(self, value: object):
        if not isinstance(value, Storage):
            return None
        kind = getattr(sys.modules["torch"], value.kind)
        return ("storage", kind, value.key, "cpu", len(value.elements), None)


@pytest.fixture
def torch(monkeypatch):
    """What stands for torch while a test writes: the names that its files hold."""
    fake, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "HalfStorage", "LongStorage", "QInt8Storage"):
        setattr(fake, kind, type(kind, (), {"__module__": "torch", "__qualname__": kind}))

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils.__dict__["_rebuild_tensor_v2"] = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", fake)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def written(path, found, storages, magic=MAGIC):
    with path.open("wb") as file:
        for head in (magic, 1001, {"little_endian": True}):
            pickle.dump(head, file, protocol=2)
        body = io.BytesIO()
        Writer(body, protocol=2).dump(found)
        file.write(body.getvalue())
        pickle.dump([one.key for one in storages], file, protocol=2)
        for one in storages:
            file.write(len(one.elements).to_bytes(8, "little") + one.elements.tobytes())
    return path


def tensor(storage, offset, shape, strides):
    return Rebuilt(storage, offset, shape, strides, False, OrderedDict())


def test_tensors_have_their_shapes_whatever_their_strides(torch, tmp_path):
    floats = Storage("1", "FloatStorage", np.arange(8, dtype=np.float32))
    counts = Storage("2", "LongStorage", np.array([7], dtype=np.int64))
    state = OrderedDict(
        rows=tensor(floats, 2, (2, 3), (3, 1)),
        columns=tensor(floats, 0, (2, 4), (1, 2)),
        seen=tensor(counts, 0, (), ()),
    )
    found = read_tensors(written(tmp_path / "a.pth", state, [floats, counts]))
    np.testing.assert_array_equal(found["rows"], [[2, 3, 4], [5, 6, 7]])
    np.testing.assert_array_equal(found["columns"], [[0, 2, 4, 6], [1, 3, 5, 7]])
    assert (found["seen"].shape, found["seen"].item()) == ((), 7)


class Evil:
    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def test_what_a_file_names_beside_tensors_is_not_called(torch, tmp_path):
    path = written(tmp_path / "a.pth", {"w": Evil(str(tmp_path / "made"))}, [])
    with pytest.raises(ModelError, match=r"it names (posix|os)\.mkdir; allowed: tensors"):
        read_tensors(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"magic": 5}, "another magic number"),
        ({"shape": (9,)}, r"shape \(9,\) with strides \(1,\) in 8 elements"),
        ({"strides": (-1,)}, "with strides"),
        ({"kind": "QInt8Storage"}, "it names torch.QInt8Storage"),
        ({"found": [1, 2]}, "something else than named tensors"),
    ],
)
def test_strange_files_are_refused_in_words(torch, tmp_path, change, words):
    kind = change.get("kind", "FloatStorage")
    floats = Storage("1", kind, np.arange(8, dtype=np.float32))
    one = tensor(floats, 0, change.get("shape", (8,)), change.get("strides", (1,)))
    found = change.get("found", {"w": one})
    path = written(tmp_path / "a.pth", found, [floats], change.get("magic", MAGIC))
    with pytest.raises(ModelError, match=words):
        read_tensors(path)


def test_cut_off_anywhere_it_is_refused(torch, tmp_path):
    floats = Storage("1", "FloatStorage", np.arange(8, dtype=np.float32))
    whole = written(tmp_path / "a.pth", {"w": tensor(floats, 0, (8,), (1,))}, [floats])
    content = whole.read_bytes()
    for length in range(len(content)):
        whole.write_bytes(content[:length])
        with pytest.raises(ModelError):
            read_tensors(whole)
    with pytest.raises(ModelError, match="No such file"):
        read_tensors(tmp_path / "none.pth")

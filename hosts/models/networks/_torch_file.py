"""Tensors of a file that PyTorch wrote in its older format, read without PyTorch.

Such a file is a row of pickles and then the storages' bytes (`torch.serialization._legacy_save`): a
magic number, a version, the writer's system, the object with references to storages, the storages'
keys, and each storage's number of elements and elements. A pickle can call anything; here it may
name dictionaries and tensors alone, and what else it names is refused.
"""

from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from hosts.core.errors import ModelError

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_ELEMENTS = {"FloatStorage": "<f4", "LongStorage": "<i8", "HalfStorage": "<f2"}
_LARGEST_BYTES = 4 * 2**30


class _Storage(NamedTuple):
    key: str
    element: str
    size: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """The tensors of a state dictionary, by name.

    Raises:
        ModelError: the file is none, is damaged, or names something else than tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (
        *(pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError),
        *(AttributeError, OverflowError, RecursionError, OSError),
    ) as error:
        raise ModelError(f"{path} is no file of tensors that PyTorch wrote: {error}") from error


def _read(file: IO[bytes]) -> dict[str, npt.NDArray[np.generic]]:
    if (_Unpickler(file).load(), _Unpickler(file).load()) != (_MAGIC, _VERSION):
        raise ValueError("another magic number or version")
    _Unpickler(file).load()  # of the system that wrote it
    found = _Unpickler(file).load()
    if not isinstance(found, dict) or not all(isinstance(t, _Tensor) for t in found.values()):
        raise ValueError("it holds something else than named tensors")
    wanted = {tensor.storage.key: tensor.storage for tensor in found.values()}
    storages = {key: _elements(file, wanted[key]) for key in _Unpickler(file).load()}
    return {str(name): _array(storages[t.storage.key], t) for name, t in found.items()}


def _elements(file: IO[bytes], storage: _Storage) -> npt.NDArray[np.generic]:
    element = np.dtype(storage.element)
    if storage.size * element.itemsize > _LARGEST_BYTES:
        raise ValueError(f"{storage.size} elements announced; too many")
    count = int.from_bytes(file.read(8), "little")
    if count != storage.size:
        raise ValueError(f"{storage.size} elements announced, {count} found")
    content = file.read(count * element.itemsize)
    return np.frombuffer(content, element, count)


def _array(elements: npt.NDArray[np.generic], tensor: _Tensor) -> npt.NDArray[np.generic]:
    """The elements in the tensor's shape; none lies outside of its storage."""
    shape, strides = tensor.shape, tensor.strides
    last = tensor.offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min((tensor.offset, *strides, *shape)) < 0 or last >= len(elements):
        raise ValueError(f"shape {shape} with strides {strides} in {len(elements)} elements")
    by_bytes = [step * elements.itemsize for step in strides]
    return as_strided(elements[tensor.offset :], shape, by_bytes, writeable=False).copy()


def _rebuilt(
    storage: _Storage, offset: int, shape: Any, strides: Any, *_grad_and_hooks: object
) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


class _Unpickler(pickle.Unpickler):
    """Knows dictionaries, tensors and their storages, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module == "torch" and name in _ELEMENTS:
            return _ELEMENTS[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}; allowed: tensors")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, element, key, _device, count, *_view = pid
        if kind != "storage" or element not in _ELEMENTS.values():
            raise pickle.UnpicklingError(f"it refers to {kind!r}; allowed: storages")
        return _Storage(str(key), element, int(count))

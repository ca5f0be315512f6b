"""NVIDIA's library, made of `fake_nvml.c`: GPUs whose time a test moves."""

import ctypes
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NAME = "libnvidia-ml.so.1"
FIRST_NS = 5_000_000_000
_PLACE = tempfile.TemporaryDirectory(prefix="fake_nvml_")  # it goes with this process


@cache
def compiled() -> Path:
    """The folder of the library; the test is skipped where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = Path(_PLACE.name)
    source = Path(__file__).with_name("fake_nvml.c")
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / NAME), str(source)]
    subprocess.run(command, check=True)
    return folder


class GpuClock:
    """A polling clock in a file, which the library's calls move on too."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(struct.pack("q", FIRST_NS))
        with path.open("r+b") as file:
            self._ns = mmap.mmap(file.fileno(), 8)

    def now_ns(self) -> int:
        return int(struct.unpack("q", self._ns[:])[0])

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self._ns[:] = struct.pack("q", self.now_ns() + round(seconds * 1e9))


def fake_nvml(folder: Path, patch: pytest.MonkeyPatch, **said: Any) -> GpuClock:
    """Put the library below nvidia-ml-py in this process; `said` as in `fake_nvml.c`."""
    import pynvml

    clock = GpuClock(folder / "clock")
    environment = {"clock": folder / "clock", "tells": "energy", **said}
    for name, value in environment.items():
        patch.setenv(f"FAKE_NVML_{name.upper()}", str(value))
    copy = folder / NAME  # of its own: it keeps its clock
    shutil.copy(compiled() / NAME, copy)
    bindings: ModuleType = pynvml
    patch.setattr(bindings, "nvmlLib", ctypes.CDLL(os.fspath(copy)))
    patch.setattr(bindings, "_nvmlGetFunctionPointer_cache", {})
    return clock

"""Two NVIDIA GPUs that can be set: NVIDIA's library, made of `gpu_controls.c`."""

import ctypes
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.hosts.trees import RealOnTree, nvidia

NAME = "libnvidia-ml.so.1"
LIMIT_MW = 250_000


@cache
def _compiled() -> Path:
    """The library; the test is skipped where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    library = Path(tempfile.mkdtemp(prefix="gpu_controls_")) / NAME
    source = Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def library_in(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """The library in a folder, with GPUs as they are after a start."""
    pytest.importorskip("pynvml")
    (folder / "gpus").write_bytes(struct.pack("4I", LIMIT_MW, 0, LIMIT_MW, 0))
    patch.setenv("FAKE_GPU_STATE", str(folder / "gpus"))
    patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    shutil.copy(_compiled(), folder / NAME)  # of its own: it keeps its file open
    return folder / NAME


def gpus(folder: Path, patch: pytest.MonkeyPatch) -> RealOnTree:
    """A machine with two GPUs, whose library is below nvidia-ml-py in this process."""
    library = library_in(folder, patch)
    import pynvml

    bindings: ModuleType = pynvml
    patch.setattr(bindings, "nvmlLib", ctypes.CDLL(str(library)))
    patch.setattr(bindings, "_nvmlGetFunctionPointer_cache", {})
    return nvidia(folder)


def state(folder: Path) -> tuple[int, ...]:
    """Of each GPU its limit in mW, and the clock that it is locked to in MHz; 0: none."""
    return struct.unpack("4I", (folder / "gpus").read_bytes())

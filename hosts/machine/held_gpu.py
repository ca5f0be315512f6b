"""Whether this program holds a GPU open: a context draws power until its program ends."""

from __future__ import annotations

from pathlib import Path

_OPENED_BY_CUDA = "nvidia-uvm"


def holds_gpu(root: Path) -> bool:
    """True if CUDA has opened the GPU in this program.

    CUDA keeps `/dev/nvidia-uvm` open from its start on; who only asks the driver's management
    library, as meters and knobs do, does not open it.
    """
    try:
        opened = list((root / "proc/self/fd").iterdir())
    except OSError:
        return False
    return any(_leads_to(one, _OPENED_BY_CUDA) for one in opened)


def _leads_to(link: Path, name: str) -> bool:
    try:
        return link.readlink().name == name
    except OSError:  # closed meanwhile
        return False

"""The first look at a host: run by whatever Python is there, from version 3.7 on, without packages.

Its text is handed to the interpreter (`python -c TEXT ORDER`); nothing is pushed. It prints one
JSON line, and then the host's time of day in ns for each line that it reads.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import struct
import sys
import time
from typing import Any, Callable, Dict, List  # noqa: UP035  # of 3.7


def looked(order: Dict[str, Any]) -> Dict[str, Any]:  # noqa: UP006
    """What can be told; what fails is named, and hides nothing else."""
    told: Dict[str, Any] = {  # noqa: UP006
        "python": list(sys.version_info[:3]),
        "bits": 8 * struct.calcsize("P"),
        "machine": platform.machine(),
        "node": platform.node(),
        "board": bool(os.environ.get("DYNASPLIT_BOARD")),
        "failed": {},
    }
    parts: Dict[str, Callable[[], Any]] = {  # noqa: UP006
        "versions": lambda: versions(order["packages"]),
        "free_mb": lambda: {name: free_mb(*place) for name, place in order["places"].items()},
        "kernel": kernel,
    }
    for name, part in parts.items():
        try:
            told[name] = part()
        except Exception as error:  # one look must not hide the others
            told["failed"][name] = "{}: {}".format(type(error).__name__, error)  # noqa: UP032
    return told


def versions(names: List[str]) -> Dict[str, Any]:  # noqa: UP006
    """Each package's version; None: not installed."""
    from importlib.metadata import PackageNotFoundError, version

    found: Dict[str, Any] = {}  # noqa: UP006
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def free_mb(variable: str, place: str) -> float:
    """Room at the folder that a variable names, else at a place, or where it would be made."""
    named = os.environ.get(variable) or place
    path = os.path.abspath(os.path.expanduser(named))  # noqa: PTH100, PTH111
    while not os.path.exists(path):  # noqa: PTH110
        path = os.path.dirname(path)  # noqa: PTH120
    return shutil.disk_usage(path).free / 2**20


def kernel() -> str:
    """The start of the running kernel, and the network that this host has in it."""
    with open("/proc/sys/kernel/random/boot_id") as file:  # noqa: PTH123
        return file.read().strip() + " " + os.readlink("/proc/self/ns/net")  # noqa: PTH115


def main() -> None:
    """Tell, and answer with the time."""
    print(json.dumps(looked(json.loads(sys.argv[1]))), flush=True)
    for _ in sys.stdin:
        print(time.time_ns(), flush=True)


if __name__ == "__main__":
    main()

"""A process of its own that cuts a head and prints by how many MB its memory grew at most.

python -m tests.hosts.models.cutting WHOLE TENSOR
"""

import sys
from pathlib import Path

from ai_edge_litert import schema_py_generated  # noqa: F401 - counted before

from hosts.models.runtimes.litert.cut import cut_head


def peak_mb() -> float:
    """Not `ru_maxrss`: that one begins with the parent's."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    before_mb = peak_mb()
    cut_head(Path(sys.argv[1]), int(sys.argv[2]))
    print(peak_mb() - before_mb)


if __name__ == "__main__":
    main()

"""Prints a runtime's name, and how many GPUs it can compute on.

python -m hosts.models.runtimes._gpus auto
"""

from __future__ import annotations

import sys

from hosts.models.runtimes import settled


def main(asked: str) -> None:
    """Print them."""
    runtime = settled("cloud", asked, has_gpu=True)
    runtime.import_libraries()
    print(runtime.name, runtime.gpus())


if __name__ == "__main__":
    main(sys.argv[1])

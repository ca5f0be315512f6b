"""CPU affinity of a host's programs, so that two hosts on one machine share no CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from hosts.core.errors import HostError


def own_cpus() -> tuple[int, ...]:
    """The CPUs that this program may use, ascending; empty where the system cannot say."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def keep_to(cpus: Sequence[int]) -> None:
    """Keep this program, its threads and what it starts to these CPUs; none named: to all.

    To be called before native threads are started. TensorFlow's and OpenMP's pools take their
    size from the variables set here; LiteRT is told the number of threads when a head is opened.

    Raises:
        HostError: this machine has no such CPU, or the system cannot bind programs to CPUs.
    """
    if not cpus:
        return
    here = own_cpus()
    strange = [cpu for cpu in cpus if cpu not in here]
    if strange:
        raise HostError(
            f"cpus={list(cpus)} asked; programs of this host may use: "
            f"{', '.join(map(str, here)) or 'any, the system binds none'}"
        )
    os.sched_setaffinity(0, cpus)
    os.environ.update(thread_variables(len(cpus)))


def thread_variables(threads: int) -> Mapping[str, str]:
    """The variables that set the number of threads of TensorFlow and OpenMP."""
    names = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
    return dict.fromkeys(names, str(threads))

"""CPU affinity of a host's programs, so that two hosts on one machine share no CPU."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hosts.core.errors import HostError

BUSY = (0, 1, 2, 5, 6)
"""The places of user, nice, system, irq and softirq in a line of `/proc/stat`."""


def own_cpus() -> tuple[int, ...]:
    """The CPUs that this program may use, ascending; empty where the system cannot say."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def granted_cpus() -> tuple[int, ...]:
    """The CPUs that this program may use, those included that are offline now, ascending.

    The system leaves offline CPUs out of a program's affinity, and takes them in again when they
    come back; its mask keeps them.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return own_cpus()
    told = re.search(r"^Cpus_allowed_list:\s*(\S+)", status, re.M)
    return tuple(sorted(cpus_in(told[1]))) if told else own_cpus()


def cpus_in(text: str) -> set[int]:
    """The CPUs of a list such as `0 1 2 3` or `0-3,6`."""
    found: set[int] = set()
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


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


def busy_s_of(stat: str, tick_s: float) -> dict[int, float]:
    """Each CPU's time with work so far in s, by what `/proc/stat` says in ticks."""
    found = {}
    for line in stat.splitlines():
        name, *ticks = line.split() or [""]
        if re.fullmatch(r"cpu\d+", name) and len(ticks) > max(BUSY):
            found[int(name.removeprefix("cpu"))] = sum(int(ticks[i]) for i in BUSY) * tick_s
    return found

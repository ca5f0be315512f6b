"""Where figures come from, and what is to be said of them: one rule for all tables and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Source = Literal["measured", "recorded", "estimated", "emulated", "modelled"]
REALITY: tuple[Source, ...] = ("measured", "recorded", "estimated", "emulated", "modelled")
"""From the most real source to the least; what is made of several is as real as the least."""

PROVENANCE: Mapping[Source, str] = {
    "measured": "Measured on real hosts",
    "recorded": "RECORDED runs answered, nothing was run",
    "estimated": "ESTIMATED energy: CPU time times assumed watts; times are measured",
    "emulated": "EMULATED hosts: times and power follow a profile, network outputs are real",
    "modelled": "MODELLED: a profile answered, nothing was run",
}
FAULT_FLAG = "fault_"
"""Begins a flag that names a fault which emulated hosts were given: `fault_frozen_meter`."""
REST_FLAG = "cloud_rest_"
"""Begins a flag that says what is assumed for a node of which the GPU's board alone was measured:
`cloud_rest_0w`."""
WHOLE_RUN_FLAG = "latency_of_run"
"""The flag of a request for which the latency of a whole run stands."""
STATED_FLAGS = (FAULT_FLAG, REST_FLAG, WHOLE_RUN_FLAG)
"""Begin flags that state how figures came about, and are no doubt about them."""


WHOLE_RUN_WORDS = "latencies of requests are those of whole runs: single inferences are not kept"


CONTRADICTIONS = ("frequency", "edge", "transfer", "cloud", "sum", "energy", "quality")
"""Flags of an audit: the measurement contradicts others. Gates' flags are warnings: it counts."""


def least_real(sources: Iterable[Source]) -> Source:
    """The source of what is made of figures of these sources, of which there is at least one."""
    return max(sources, key=REALITY.index)


def is_imagined(source: Source) -> bool:
    """True if there were no such hosts: figures of emulated and modelled ones."""
    return source in ("emulated", "modelled")


def as_recorded(source: Source) -> Source:
    """The source of a run that is answered again from a table: what was not measured stays so."""
    return "recorded" if source == "measured" else source


def mixed_words(sources: Iterable[Source]) -> str:
    """What is to be said where measured figures stand beside others; empty: nothing.

    Tables of measured and of recorded runs count alike.
    """
    found = {as_recorded(source) for source in sources}
    if len(found) < 2:
        return ""
    names = [name.replace("recorded", "measured") for name in REALITY if name in found]
    return f"mixed: {', '.join(names[:-1])} and {names[-1]} figures stand side by side"


def faults_of(flags: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The faults that emulated hosts were given, by name, of measurements with these flags."""
    return tuple(f.removeprefix(FAULT_FLAG) for f in _beginning(flags, FAULT_FLAG))


def is_stated(flag: str) -> bool:
    """True for a flag that is no doubt about a measurement."""
    return flag.startswith(STATED_FLAGS)


def is_doubtful(flags: Iterable[str]) -> bool:
    """True for a measurement that a gate or a check has found doubtful."""
    return not all(map(is_stated, flags))


def rest_flag(rest_w: float) -> str:
    """The flag of figures with so many watts assumed for the rest of the cloud's node."""
    return f"{REST_FLAG}{rest_w:g}w"


def rest_words(watts: str) -> str:
    """What is to be said of a cloud's energy where its GPU's board alone was measured."""
    return f"cloud: GPU board alone; rest of the node not measured: {watts} W assumed"


def told_of(flags: Iterable[Iterable[str]], sources: Iterable[Source] = ()) -> tuple[str, ...]:
    """All that is to be said of figures with these flags and sources, a line each."""
    every = [tuple(some) for some in flags]
    faults = (f"with the fault {name}" for name in faults_of(every))
    return (*faults, *beside_faults(every, sources))


def beside_faults(
    flags: Iterable[Iterable[str]], sources: Iterable[Source] = ()
) -> tuple[str, ...]:
    """As `told_of`, without faults: what was not measured, and sources that are mixed."""
    every = [tuple(some) for some in flags]
    rests = (f.removeprefix(REST_FLAG).removesuffix("w") for f in _beginning(every, REST_FLAG))
    whole = [WHOLE_RUN_WORDS] if _beginning(every, WHOLE_RUN_FLAG) else []
    return tuple(filter(None, (*map(rest_words, rests), *whole, mixed_words(sources))))


def _beginning(flags: Iterable[Iterable[str]], word: str) -> list[str]:
    return sorted({flag for some in flags for flag in some if flag.startswith(word)})


LARGE_J = 10_000.0
"""Energies from it on are told in kJ."""
SMALL_J = 0.1
"""Energies below it are shown in mJ."""


def shown_j(value_j: float | None) -> str:
    """An energy with three digits that say something, in J, where fitting in mJ or kJ."""
    if value_j is None:
        return "-"
    if abs(value_j) >= LARGE_J:
        return f"{significant(value_j / 1000)} kJ"
    small = 0 < abs(value_j) < SMALL_J
    return f"{significant(1000 * value_j if small else value_j)} {'mJ' if small else 'J'}"


def told_w(value_w: float | None) -> str:
    """A power in a sentence; what is absent in words."""
    return "not known" if value_w is None else f"{significant(value_w)} W"


def told_j(value_j: float | None) -> str:
    """An energy in a sentence; what is absent in words."""
    return "not known" if value_j is None else shown_j(value_j)


def significant(value: float) -> str:
    """A number with three significant digits, without an exponent where there is room."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")

"""The table of faults: each at its magnitudes, what named it, and what became of the figures."""

from collections.abc import Iterable, Iterator

from hosts.emulation.asked_faults import find
from tests.judged.campaign import Outcome, limits, outcome
from tests.judged.cases import CASES

HEAD = (
    "| fault | host | magnitude | true | flagged | refused | wrong | named by | verdict |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def places() -> Iterator[tuple[str, str, dict]]:
    """Each fault, on each host that can have it, at each magnitude."""
    for name, magnitudes in CASES.items():
        for host in find(name).hosts:
            for magnitude in magnitudes:
                yield name, host, magnitude


def made(some: Iterable[tuple[str, str, dict]]) -> list[str]:
    """The rows of some of them."""
    return [row(*one, outcome({"fault": one[0], "host": one[1], **one[2]})) for one in some]


def row(name: str, host: str, magnitude: dict, found: Outcome) -> str:
    """One line of the table."""
    told = ", ".join(f"{k}={v:g}" for k, v in magnitude.items() if k != "from_start") or "-"
    named = ", ".join(f"{who} {often}" for who, often in sorted(found.names.items())) or "-"
    counts = (found.right, found.flagged, found.refused, found.wrong)
    cells = (f"`{name}`", host, told, *map(str, counts), named, verdict(found))
    return f"| {' | '.join(cells)} |\n"


def verdict(found: Outcome) -> str:
    """In words."""
    if found.wrong:
        return f"**not caught**: off by up to {100 * found.worst:.0f} %"
    return "caught" if found.flagged or found.refused else "harmless"


def text() -> str:
    """The whole table, below what is allowed."""
    bars = ", ".join(f"{name} {100 * limit:.1f} %" for name, limit in limits().items())
    return (
        f"A figure is wrong if it is off by more than: {bars}.\n\n{HEAD}{''.join(made(places()))}"
    )

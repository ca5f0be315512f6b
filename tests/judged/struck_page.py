"""The part of docs/judged.md that tells of campaigns struck by faults."""

from dynasplit.offline.study import OfflineResult
from tests.judged.struck import (
    KINDS,
    NOISE_PCT,
    Campaign,
    Strike,
    added,
    campaign,
    missing,
    strikes,
    struck,
)

HEAD = (
    "| fault | host | magnitude | windows | refused | flagged | wrong | named by |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
HALF = len(KINDS) // 2


def row(strike: Strike) -> str:
    """One line of the table."""
    fault = strike.fault
    named = ", ".join(f"{who} {often}" for who, often in sorted(strike.names.items())) or "-"
    apart = ("fault", "host", "after_s", "for_s")
    size = ", ".join(f"{k}={v:g}" for k, v in fault.items() if k not in apart) or "-"
    wrong = f"{strike.wrong} (up to {strike.worst_pct:.0f} %)" if strike.wrong else "0"
    counts = map(str, (strike.windows, strike.refused, strike.flagged))
    cells = (f"`{fault['fault']}`", fault.get("host", "edge"), size, *counts, wrong, named)
    return f"| {' | '.join(cells)} |\n"


def front_line(found: OfflineResult, quiet: OfflineResult) -> str:
    """How far the two fronts are from each other."""
    lost, new = list(missing(quiet, found)), list(added(found, quiet))
    worst = max((off for _, off in (*lost, *new)), default=0.0)
    return (
        f"{len(quiet.front.summaries)} on the front without faults, "
        f"{len(found.front.summaries)} with them; {len(lost)} and {len(new)} are on one alone, "
        f"off the other by {worst:.1f} % at the most (allowed: {NOISE_PCT:g} %). "
        f"{len(found.recovered)} configurations were measured when they were asked again, "
        f"{len(found.given_up)} given up."
    )


def both() -> tuple[Campaign, list[tuple[list[dict], Campaign]]]:
    """The campaign without faults, and the two with ten each."""
    quiet = campaign()
    some = [struck(kinds, quiet) for kinds in (KINDS[:HALF], KINDS[HALF:])]
    return quiet, [(faults, campaign(faults)) for faults in some]


def text() -> str:
    """Both campaigns, each with what became of its strikes."""
    quiet, found = both()
    parts = []
    for faults, one in found:
        rows = "".join(map(row, strikes(faults, one, quiet)))
        parts.append(f"{front_line(one.result, quiet.result)}\n\n{HEAD}{rows}")
    return "\n".join(parts)

"""The part of docs/judged.md on preflights, made by whole trials on boards in virtual time.

python -m tests.judged.preflight_trials
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.dynasplit.preflight.boards import boards, wrong
from tests.dynasplit.preflight.test_trials import CASES, CLEAN, TRIALS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "judged.md"
BEGIN = "<!-- made by `python -m tests.judged.preflight_trials` -->\n"
END = "<!-- end of the preflights -->\n"
INTRO = f"""\
# What was judged, and how often it held

Whole trials on emulated boards, in virtual time. Each part is made by the command
that stands before it.

## Preflight

Boards are started once for each line, and looked at by one preflight after the other with another
noise; what the checks are, [preflight.md](preflight.md) says. `make judge` repeats the trials, a
tenth of them is part of `make test-all`.

{BEGIN}{END}"""
"""The page as long as there is none."""

HEAD = "| hosts | must be found | found, of trials | what else was found |\n|---|---|---|---|\n"


class Counted(NamedTuple):
    """What came of a case's trials.

    Attributes:
        case: its name. bar: what must be found, in words.
        trials: how many. named: those in which all of it was found. others: false alarms.
    """

    case: str
    bar: str
    trials: int
    named: int
    others: int

    def row(self) -> str:
        """A line of the table."""
        cells = (self.case, self.bar, f"{self.named} of {self.trials}", str(self.others))
        return f"| {' | '.join(cells)} |\n"


def bar_of(case: str) -> str:
    """What must be found, in words."""
    return "; ".join(f"{host}, {check}: {words}" for (host, check), words in CASES[case][1].items())


def counted() -> Iterator[Counted]:
    """All trials of each case, then hosts without a fault."""
    for case, (faults, named) in CASES.items():
        hits = others = 0
        with boards(**faults) as preflights:
            for seed in range(TRIALS):
                found = wrong(preflights.findings(seed))
                hits += all(words in found.get(where, "") for where, words in named.items())
                others += len(set(found) - set(named))
        yield Counted(case, bar_of(case), TRIALS, hits, others)
    with boards() as preflights:
        alarms = [wrong(preflights.findings(seed)) for seed in range(CLEAN)]
    right = sum(not found for found in alarms)
    yield Counted("without a fault", "nothing", CLEAN, right, sum(map(len, alarms)))


def page(text: str, rows: str) -> str:
    """The page with this part's table made anew; what is around it stays."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + HEAD + rows + "\n" + END + after


if __name__ == "__main__":
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else INTRO
    PAGE.write_text(page(found, "".join(c.row() for c in counted())), encoding="utf-8")

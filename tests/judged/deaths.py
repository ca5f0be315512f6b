"""Campaigns by command line that an end of programs, or a full disk, ends again and again.

What a user would do is run the same command again; so it is run until it ends with 0.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from dynasplit.front.pareto_front import ParetoFront
from tests.commands import command_line
from tests.judged.struck import MHZ, missing

QUICK = Path(__file__).resolve().parents[2] / "hosts" / "emulation" / "profiles" / "quick.yaml"
CONFIGURATIONS, EVERY = 200, 20
EACH_S = 7.5
"""Board time of a configuration, with which strikes come every twenty or so."""
MOST_STARTS = 40
KINDS = (
    {"fault": "dead_agent", "host": "edge"},
    {"fault": "dead_agent", "host": "cloud"},
    {"fault": "dead_board", "host": "edge"},
    {"fault": "dead_sshd", "host": "cloud"},
    {"fault": "full_disk", "host": "edge"},
)
WORDS = (
    *("+experiment=quick_testbed", "search.algorithm=grid", "measure.order=blocks"),
    *("workload.requests=1", "policies=[dynasplit]", "measure.baseline_s=5", "data.images=12"),
    "tracking=none",
)
HEAD = (
    "| fault | host | starts | ended by | measured | twice | on one front alone, off by |\n"
    "|---|---|---|---|---|---|---|\n"
)
_ERROR = re.compile(r"^Error: .*", re.MULTILINE)


@dataclass
class Campaign:
    """What became of a command that was run until it ended with 0.

    Attributes:
        errors: what each start but the last one ended with; empty: it said nothing.
        measured: how often each run of a configuration is in the journal, by words.
        front: what came of it; None: it has not ended yet.
    """

    errors: list[str] = field(default_factory=list)
    measured: Counter[str] = field(default_factory=Counter)
    front: ParetoFront | None = None

    @property
    def starts(self) -> int:
        return len(self.errors) + 1

    @property
    def twice(self) -> int:
        """Runs that are in the journal more than once."""
        return sum(often - 1 for often in self.measured.values())


def campaign(
    fault: dict | None, configurations: int = CONFIGURATIONS, repeats: int = 1
) -> Campaign:
    """Run the same command until it ends with 0.

    Raises:
        AssertionError: it does not in `MOST_STARTS`, or one start brought it no farther.
    """
    found = Campaign()
    with TemporaryDirectory(prefix="d-", dir="/tmp") as name:
        results = Path(name) / "results"
        faults = "" if fault is None else json.dumps(fault).replace('"', "")
        words = (
            *(*WORDS, f"results_dir={results}", f"hosts.profile={_profile(Path(name))}"),
            *(f"search.trials={configurations}", f"search.front_repeats={repeats}"),
            f"hosts.faults=[{faults}]",
        )
        while (ended := command_line(*words)).returncode != 0:
            said = _ERROR.findall(ended.stderr + ended.stdout)
            found.errors.append(said[-1] if said else "")
            before = sum(found.measured.values())
            found.measured = _measured(results)
            assert sum(found.measured.values()) > before, ended.stderr
            assert found.starts <= MOST_STARTS, found.errors
        found.measured = _measured(results)
        (front,) = results.glob("quick_testbed/*/front.json")
        found.front = ParetoFront.load(front)
    return found


def _profile(folder: Path) -> Path:
    """That of quick_testbed with eight frequencies: 224 configurations."""
    quick = yaml.safe_load(QUICK.read_text(encoding="utf-8"))
    quick["edge"]["cpu_mhz"] = list(MHZ)
    path = folder / "eight.yaml"
    path.write_text(yaml.safe_dump(quick, sort_keys=False), encoding="utf-8")
    return path


def _measured(results: Path) -> Counter[str]:
    (journal,) = results.glob("quick_testbed/*/journal.jsonl")
    lines = journal.read_bytes().split(b"\n")[:-1]
    measured = [r["measurement"] for r in map(json.loads, lines) if r["kind"] == "measured"]
    return Counter(f"{m['configuration']} {m.get('repeat', 0)}" for m in measured)


def struck(kind: dict, each_s: float = EACH_S) -> dict:
    """A fault that strikes at each start, after twenty configurations or so."""
    return {**kind, "after_s": EVERY * each_s}


def off_pct(found: Campaign, quiet: Campaign) -> list[float]:
    """How far members of one front alone are off the other, in %."""
    return [off for _, off in (*missing(quiet, found), *missing(found, quiet))]


def ended_by(found: Campaign) -> str:
    """The errors, without what differs from start to start, and how often each came."""
    places = re.compile(r"Error: |\S*@?127\.0\.0\.1:\d+:? ?|/tmp/\S+")
    words = Counter(places.sub("", error).partition(";")[0].strip() for error in found.errors)
    return "; ".join(f"{said} ({often})" for said, often in words.most_common()) or "-"


@cache
def quiet_campaign() -> Campaign:
    """Without faults."""
    return campaign(None)


def row(kind: dict) -> str:
    """One line of the table."""
    found, quiet = campaign(struck(kind)), quiet_campaign()
    off = off_pct(found, quiet)
    front = f"{len(off)}, {max(off):.1f} %" if off else "0"
    name = f"`{kind['fault']}`"
    counts = (str(found.starts), ended_by(found), str(len(found.measured)), str(found.twice))
    return f"| {' | '.join((name, kind['host'], *counts, front))} |\n"


def text() -> str:
    """The whole table."""
    quiet = quiet_campaign()
    return f"{len(quiet.measured)} runs without faults.\n\n{HEAD}{''.join(map(row, KINDS))}"

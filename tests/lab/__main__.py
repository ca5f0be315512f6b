"""Starts the lab for a person, until Ctrl-C.

    python -m tests.lab

It prints the words of the hosts' configuration for `run_experiment.py`, and then reads, line by
line, what is to go wrong.
"""

import contextlib
import select
import shlex
import signal
import sys

from tests.lab.lab import Lab, open_lab
from tests.lab.needs import missing

HELP = """\
  cut edge|cloud|link, mend edge|cloud|link, rate MBIT_S|off, heal
  kernel HOST honest|ignoring|clamping|reverting|lying [cap_khz=N] [after_s=S]
  meter HOST none|frozen|lagging|swapped|shared|negative|stuck [lag_s=S]
  hang_up HOST, tell HOST
Ctrl-C ends the lab."""


def carry_out(lab: Lab, line: str) -> str:
    """Carry out a person's line; returns what there is to say."""
    verb, *rest = shlex.split(line)
    options = {
        k: float(v) if "." in v else int(v)
        for k, _, v in (w.partition("=") for w in rest if "=" in w)
    }
    match verb, [word for word in rest if "=" not in word]:
        case "cut", ["edge" | "cloud" | "link" as cable]:
            lab.cut(cable)
        case "mend", ["edge" | "cloud" | "link" as cable]:
            lab.mend(cable)
        case "rate", [rate]:
            lab.set_rate(None if rate == "off" else float(rate))
        case "heal", []:
            lab.heal()
        case "kernel", ["edge" | "cloud" as role, behaviour]:
            lab.misbehave(role, behaviour=behaviour, **options)
        case "meter", ["edge" | "cloud" as role, error]:
            lab.err(role, error=error, **options)
        case "hang_up", ["edge" | "cloud" as role]:
            lab.hang_up(role)
        case "tell", ["edge" | "cloud" as role]:
            wall_j, package_j = lab.energies_j(role)
            now = lab.changes(role)[-1]
            energies = f"{wall_j:.1f} J at the wall, {package_j:.1f} J of them the processor"
            return f"{now.governor}, {now.khz / 1000:g} MHz; {energies}"
        case _:
            return HELP
    return "done"


def obey(lab: Lab) -> None:
    """Carry out what a person types, for ever."""
    while True:
        select.select([sys.stdin], [], [])  # Ctrl-C ends it at once
        if not (line := sys.stdin.readline()):
            signal.pause()
        if line.strip():
            try:
                print(carry_out(lab, line), flush=True)
            except (OSError, TypeError, ValueError) as error:
                print(error, flush=True)


def main() -> int:
    """Run it; returns the exit code."""
    if why := missing():
        print(why, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), open_lab() as lab:
        command = ["python run_experiment.py +experiment=quick_testbed"]
        print(" \\\n  ".join([*command, *map(shlex.quote, lab.words())]))
        print(HELP, flush=True)
        obey(lab)
    return 0


if __name__ == "__main__":
    sys.exit(main())

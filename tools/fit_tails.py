"""Fits a profile's tails to a table of calls measured on a GPU, and prints them as YAML.

The table (CSV) has the columns network, split_point, batch, latency_ms (of a call) and energy_j (of
a call, of the GPU's board); others are left alone. Each network is named with its last split point,
and, where the table counts another graph's split points, with pairs of the table's and its own:

    python -m tools.fit_tails TABLE.csv vgg16=22 vit_b16=19:0-0,2-2,4-4,6-5

Put the output below `tails:` of a profile that is `like` another one (docs/networks.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from hosts.emulation.tails import Call, Tails

_NEEDED = ("network", "split_point", "batch", "latency_ms", "energy_j")


@dataclass(frozen=True)
class Asked:
    """One network of the table.

    Attributes:
        network: its name. last_split_point: of the project's network.
        places: the table's split points to the network's; empty: they are the same.
    """

    network: str
    last_split_point: int
    places: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, word: str) -> Asked:
        """From `NAME=LAST` or `NAME=LAST:TABLE-OWN,...`; ValueError if it is neither."""
        name, _, rest = word.partition("=")
        last, _, pairs = rest.partition(":")
        places = (pair.split("-") for pair in pairs.split(",") if pair)
        return cls(name, int(last), {int(table): int(own) for table, own in places})


def tails_of(table: pd.DataFrame, asked: Asked) -> Tails:
    """A network's tails: the median call where one was measured several times.

    Raises:
        ValueError: a column is missing, or the calls cannot be tails of the network.
    """
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise ValueError(f"columns {', '.join(missing)} are missing; needed: {', '.join(_NEEDED)}")
    mine = table[table["network"] == asked.network]
    if mine.empty:
        known = ", ".join(sorted(set(table["network"])))
        raise ValueError(f"{asked.network} is not in the table; it has: {known}")
    calls: dict[int, Call] = {}
    batches: dict[int, Call] = {}
    for k, size in mine[["split_point", "batch"]].drop_duplicates().to_numpy(dtype=int).tolist():
        rows = mine[(mine["split_point"] == k) & (mine["batch"] == size)]
        own = asked.places.get(k) if asked.places else k
        call = float(rows["latency_ms"].median()), float(rows["energy_j"].median())
        if own is not None and size == 1:
            calls[own] = call
        elif own == 0:
            batches[size] = call
    return Tails(asked.last_split_point, calls, batches)


def as_yaml(network: str, tails: Tails) -> str:
    """The lines of a profile, a line for each call."""
    lines = [f"  {network}:", f"    last_split_point: {tails.last_split_point}"]
    for name, calls in (("calls", tails.calls), ("batches", tails.batches)):
        if calls:
            lines.append(f"    {name}:")
            lines += [f"      {k}: [{ms:g}, {j:g}]" for k, (ms, j) in sorted(calls.items())]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Print the tails of the networks that are named."""
    parser = argparse.ArgumentParser(description="Fit a profile's tails to a table of GPU calls.")
    parser.add_argument("table", type=Path)
    parser.add_argument("networks", nargs="+", help="NAME=LAST, or NAME=LAST:TABLE-OWN,...")
    given = parser.parse_args(words)
    try:
        table = pd.read_csv(given.table)
        for asked in map(Asked.of, given.networks):
            sys.stdout.write(as_yaml(asked.network, tails_of(table, asked)) + "\n")
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{given.table}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

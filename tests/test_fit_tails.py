"""Tails are read off a table of calls, here of a GPU that there is not."""

import msgspec
import pandas as pd
import pytest

from hosts.emulation.tails import Tails
from tools.fit_tails import Asked, as_yaml, main, tails_of

ROWS = [
    ("net", 0, 1, 3.0, 0.6),
    ("net", 0, 1, 3.2, 0.8),
    ("net", 0, 1, 9.0, 0.7),
    ("net", 4, 1, 2.0, 0.5),
    ("net", 0, 8, 5.0, 1.5),
    ("other", 0, 1, 1.0, 0.1),
]
TABLE = pd.DataFrame(ROWS, columns=["network", "split_point", "batch", "latency_ms", "energy_j"])


def test_repeated_calls_count_by_their_median():
    assert tails_of(TABLE, Asked.of("net=6")) == Tails(
        6, {0: (3.2, 0.7), 4: (2.0, 0.5)}, {8: (5.0, 1.5)}
    )


def test_split_points_of_another_graph_are_moved_to_the_network_s():
    assert sorted(tails_of(TABLE, Asked.of("net=3:0-0,4-2")).calls) == [0, 2]


def test_what_is_printed_is_what_a_profile_takes():
    tails = tails_of(TABLE, Asked.of("net=6"))
    text = as_yaml("net", tails)
    assert msgspec.yaml.decode(text.encode(), type=dict[str, Tails]) == {"net": tails}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("nobody=3", "nobody is not in the table; it has: net, other"),
        ("other=3", "allowed: 0, others, and none at the last one"),
        ("net", "invalid literal"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(tmp_path, capsys, word, said):
    TABLE.to_csv(tmp_path / "calls.csv", index=False)
    assert main([str(tmp_path / "calls.csv"), word]) == 1
    assert said in capsys.readouterr().err


def test_a_table_without_energies_is_refused():
    with pytest.raises(ValueError, match="columns energy_j are missing"):
        tails_of(TABLE.drop(columns="energy_j"), Asked.of("net=6"))

"""Words that Hydra's grammar cannot read: which is meant, and quotes that work in a shell."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dynasplit.app.cli.words import for_hydra, quoted
from tests.commands import command_line

ROOT = Path(__file__).resolve().parents[1]
DRY = ["+experiment=quick_testbed", "hosts=modelled", "dry_run=true"]
FILES = [
    "lab#2",
    "lab (2)",
    "epoch=3",
    "a=b (c) #d",
    "[draft]",
    "{x}",
    "it's",
    'say "x"',
    "back\\",
    'b\\"q',
    "a,b",
    "50 %!",
    "$HOME",
    "(",
    "a;b&c|d<e>",
    "größe",
]


def values_read(words):
    """The values that Hydra reads from words."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return [one.value() for one in OverridesParser.create().parse_overrides(list(words))]


@pytest.mark.parametrize("name", [*FILES, "two\\\\", "tab\there", "", "${seed}"])
def test_quotes_keep_a_value_as_it_is(name):
    assert values_read([f"results_dir={quoted(name)}"]) == [name]


@pytest.mark.parametrize("name", FILES)
def test_a_word_is_read_as_it_stands_or_the_message_says_how_to_quote_it(name):
    word = f"results_dir=out/{name}"
    told = command_line(word, "--cfg", "job")
    if told.returncode == 0:
        assert yaml.safe_load(told.stdout)["results_dir"] == f"out/{name}"
        return
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert repr(word) in line or word in line
    words = shlex.split(line.rpartition("allowed: " if "allowed: " in line else " said ")[2])
    assert values_read(words) == [f"out/{name}"]


@pytest.mark.fault(
    group="command line",
    fault="`=`, `#`, `(` in a word of the command",
    seen="which word is meant, and how it is quoted",
)
@pytest.mark.medium
def test_the_quoted_word_works_when_pasted_in_a_shell(tmp_path):
    told = command_line(*DRY, "results_dir=out/lab (2)")
    assert told.stderr == (
        "Error: the word 'results_dir=out/lab (2)' cannot be read: in a value, quotes are needed "
        "around characters such as = # ( ) [ ] { }; allowed: 'results_dir=\"out/lab (2)\"'\n"
    )
    pasted = told.stderr.rpartition("allowed: ")[2].strip()
    line = f"{shlex.quote(sys.executable)} run_experiment.py {' '.join(DRY)} {pasted}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert " MB in out/lab (2) (" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["results_dir=my", "folder"], "say 'results_dir=\"my folder\"'"),
        (["a b=c"], "the word 'a b=c' cannot be read; allowed: KEY=VALUE, +KEY=VALUE, ~KEY"),
        (["search=[nsga3"], "'search=\"[nsga3\"'"),
        (["-m", "runs=a=b,c"], "'runs=\"a=b,c\"'"),
        (["results_dir=a,b"], "several values, which only -m takes; as one value it is said"),
    ],
)
@pytest.mark.fault(
    group="command line",
    fault="a word that Hydra's grammar does not take",
    seen=(
        "one line, exit code 2: `the word 'a b=c' cannot be read; allowed: KEY=VALUE, "
        "+KEY=VALUE, ~KEY`"
    ),
)
def test_other_words(words, said):
    told = command_line(*DRY, *words)
    assert told.returncode == 2
    assert len(told.stderr.splitlines()) == 1
    assert said in told.stderr


@pytest.mark.parametrize("value", ["2026_11", "007", "1e3", "1.50", "true", "nan", "-1", "a-1"])
def test_a_word_that_looks_like_a_number_is_kept(value):
    for key in ("results_dir", "+runs", "hosts.edge.user"):
        assert values_read(for_hydra([f"{key}={value}"])) == [value]


def test_numbers_and_nothing_stay_what_they_are():
    words = [
        "seed=7",
        "search.fraction=1e-1",
        "runs=null",
        "dry_run=true",
        "model.split_points=[1]",
    ]
    assert for_hydra(words) == words


def test_each_value_of_several_jobs_is_kept():
    told = for_hydra(["results_dir=~/a,2026_11,b", "seed=0,1", "-m"])
    assert told == ["-m", 'results_dir="~/a","2026_11",b', "seed=0,1"]
    assert for_hydra(["results_dir=2026_11,b"]) == ["results_dir=2026_11,b"]


def test_a_tilde_needs_no_quotes(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    given = [
        "--config-dir=~/c",
        "runs=~/a (b)=c#.csv",
        "-m",
        "~seed",
        "+x=a~b",
        "--config-dir",
        "~",
    ]
    assert for_hydra(given) == [
        "-m",
        "--config-dir=/home/me/c",
        'runs="~/a (b)=c#.csv"',
        "~seed",
        "+x=a~b",
        "--config-dir",
        "/home/me",
    ]

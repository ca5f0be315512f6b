"""What one phase has measured stays, whatever becomes of the next."""

import json
from pathlib import Path

import pytest

from dynasplit.core.errors import HostUnreachable
from dynasplit.run.journal import read_journal
from experiments import two_phase
from tests.commands import command_line

WORDS = (
    *("+experiment=vgg16_testbed", "hosts=modelled", "search=random", "search.fraction=0.05"),
    *("search.front_repeats=1", "workload.requests=4", "tracking=none"),
)


def start(results: Path, *words: str):
    return command_line(*WORDS, f"results_dir={results}", *words)


@pytest.fixture
def searched(tmp_path, monkeypatch) -> Path:
    """A run whose online phase could not be; its folder."""

    def fails(*_args: object) -> None:
        raise HostUnreachable("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(two_phase, "online_phase", fails)
        ended = start(tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "Error: no answer\n")
    (folder,) = (tmp_path / "vgg16_testbed").iterdir()
    return folder


def test_the_front_is_there_when_the_online_phase_fails(searched):
    there = {path.name for path in searched.iterdir()}
    assert {"front.json", "runs.parquet", "front.png", "knobs.png"} <= there
    assert "summary.json" not in there


@pytest.mark.parametrize(
    "change",
    ["policy.margin=0.2", "workload.requests=2", "measure.retries=7", "policies=[dynasplit]"],
)
def test_what_does_not_change_the_measurements_goes_on_with_them(searched, change):
    before = read_journal(searched / "journal.jsonl")
    ended = start(searched.parents[1], change)
    assert ended.returncode == 0, ended.stderr
    assert f"{searched.name}, continued" in ended.stdout.replace("\n", "")
    after = read_journal(searched / "journal.jsonl")
    assert after.measurements == before.measurements
    assert json.loads((searched / "run.json").read_text())["state"] == "finished"


@pytest.mark.parametrize("change", ["seed=1", "search=grid", "measure.batch_size=2"])
def test_what_changes_them_begins_anew(searched, change):
    ended = start(searched.parents[1], change)
    assert ended.returncode == 0, ended.stderr
    assert "continued" not in ended.stdout
    assert len(list(searched.parent.iterdir())) == 2


def test_a_policy_that_cannot_be_is_refused_before_the_search(tmp_path):
    ended = start(tmp_path, "policy.min_accuracy=0.9")
    assert ended.returncode == 2
    assert "min_accuracy is 0.9; neither accuracy nor fidelity was measured" in ended.stderr
    assert not list(tmp_path.glob("vgg16_testbed/*"))

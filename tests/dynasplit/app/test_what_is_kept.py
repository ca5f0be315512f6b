"""What a run says of itself where a signal ends it."""

from types import SimpleNamespace

import pytest

from dynasplit.app.setup.open_run import _told_what_is_kept
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.run.journal import Journal
from dynasplit.run.records import JOURNAL, Begun

IDENTITY = "a" * 64


def interrupted(folder, error, command) -> list[str]:
    said: list[str] = []
    run = SimpleNamespace(path=folder, record=SimpleNamespace(identity=IDENTITY, online="o"))
    inputs = SimpleNamespace(record=SimpleNamespace(command=command))
    with (
        pytest.raises(type(error)),
        _told_what_is_kept(inputs, run, SimpleNamespace(say=said.append)),
    ):
        raise error
    return said


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_it_counts_what_is_kept_and_repeats_the_command_without_what_begins_anew(tmp_path, error):
    run = Measurement(configuration=Configuration.of(3), latency_ms=1.0)
    with Journal(tmp_path / JOURNAL, IDENTITY) as journal:
        journal.begin(Begun(identity=IDENTITY, experiment="e", network="n", last_split_point=3))
        journal.append(run)
        one = ServedRequest(request=0, network="n", policy="p", threshold_ms=2.0, measurement=run)
        journal.append_served(one, "o")
        journal.append_served(one, "of an earlier online phase")
    kept, again = interrupted(tmp_path, error, ["+experiment=x", "resume=False", "runs=a b"])
    assert kept == f"Kept in {tmp_path}: 1 measurements of the search, 1 requests served"
    assert again == "To go on: python run_experiment.py +experiment=x 'runs=a b'"


def test_an_error_speaks_for_itself_and_a_journal_that_is_away_is_no_second_one(tmp_path):
    assert interrupted(tmp_path, ValueError("its own"), []) == []
    assert interrupted(tmp_path, KeyboardInterrupt(), []) == []

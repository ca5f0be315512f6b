"""What one phase has measured stays, whatever becomes of the next."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from dynasplit.core.errors import HostProgramFailed, HostUnreachable
from dynasplit.offline.measurer import Measurer
from dynasplit.run import run_folder
from dynasplit.run.journal_reading import read_journal
from experiments import two_phase
from tests.commands import command_line

pytestmark = pytest.mark.medium

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


@pytest.mark.fault(
    group="search",
    fault="the online phase fails",
    seen="its error",
    kept="`front.json`, `runs.parquet`, their figures: written when the search ends",
)
def test_the_front_is_there_when_the_online_phase_fails(searched):
    there = {path.name for path in searched.iterdir()}
    assert {"front.json", "runs.parquet", "front.png", "knobs.png"} <= there
    assert "summary.json" not in there


@pytest.mark.parametrize(
    "change",
    ["policy.margin=0.2", "workload.requests=2", "measure.retries=7", "policies=[dynasplit]"],
)
@pytest.mark.fault(
    group="search",
    fault="another policy option, number of requests, retry count",
    seen="the run goes on",
    kept="what was measured",
)
def test_what_does_not_change_the_measurements_goes_on_with_them(searched, change):
    before = read_journal(searched / "journal.jsonl")
    ended = start(searched.parents[1], change)
    assert ended.returncode == 0, ended.stderr
    assert f"{searched.name}, continued" in ended.stdout.replace("\n", "")
    after = read_journal(searched / "journal.jsonl")
    assert after.measurements == before.measurements
    assert json.loads((searched / "run.json").read_text())["state"] == "finished"


@pytest.mark.fault(
    group="files",
    fault="a damaged `run.json`, here or in another folder",
    seen="nothing",
    kept="all",
)
def test_a_damaged_run_json_does_not_hide_what_was_measured(searched):
    other = searched.parent / "2001-01-01_00-00-00"
    other.mkdir()
    (other / "run.json").write_bytes(b"\xff")
    (searched / "run.json").write_text('{"identity": ')
    measured = len(read_journal(searched / "journal.jsonl").measurements)
    ended = start(searched.parents[1])
    assert ended.returncode == 0, ended.stderr
    assert f"{searched.name}, continued" in ended.stdout.replace("\n", "")
    assert len(read_journal(searched / "journal.jsonl").measurements) == measured


@pytest.mark.parametrize("damage", [b"", b'{"kind":"meas'])
@pytest.mark.fault(
    group="files",
    fault="a run that is not finished",
    seen="`runs=...FOLDER` reads its journal as a table",
    kept="all",
)
def test_a_folder_that_is_not_finished_answers_as_a_table(searched, tmp_path, damage):
    journal = searched / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + damage)
    (searched / "runs.parquet").unlink()
    known = {m.configuration.words() for m in read_journal(journal).measurements}
    words = ("+experiment=vgg16_testbed", "hosts=recorded", f"runs={searched}", "name=again")
    ended = command_line(
        *words,
        "search=random",
        "workload.requests=2",
        f"results_dir={tmp_path}",
        "tracking=none",
        "figures.draw=false",
    )
    assert ended.returncode == 0, ended.stderr
    (folder,) = (tmp_path / "again").iterdir()
    again = {m.configuration.words() for m in read_journal(folder / "journal.jsonl").measurements}
    assert again <= known


@pytest.mark.fault(
    group="files",
    fault="a folder without runs",
    seen="exit code 2: `a folder without either; allowed: ...`",
)
def test_a_folder_without_runs_is_refused(tmp_path):
    ended = command_line("+experiment=audit_runs", f"runs={tmp_path}")
    assert ended.returncode == 2
    assert (
        f"{tmp_path}, a folder without either; allowed: a file that exists, or a run's"
        in ended.stderr
    )


@pytest.mark.parametrize("change", ["seed=1", "search=tpe", "measure.batch_size=2"])
def test_what_changes_them_begins_anew(searched, change):
    ended = start(searched.parents[1], change)
    assert ended.returncode == 0, ended.stderr
    assert "continued" not in ended.stdout
    assert len(list(searched.parent.iterdir())) == 2


@pytest.mark.fault(
    group="search",
    fault="a configuration that cannot be measured",
    seen="`... failed: REASON`; at the end `Given up in the search: ...`, in `summary.json` too",
    kept="the search goes on; it is in the journal once another was measured after it",
)
def test_a_configuration_that_cannot_be_measured_is_told_and_the_run_goes_on(tmp_path, monkeypatch):
    asked, once = [], Measurer._once

    def fails(self, configuration, repeat):
        asked.append(configuration)
        if configuration in asked[7:8]:
            raise HostProgramFailed("edge host: ModelError: no such head")
        return once(self, configuration, repeat)

    monkeypatch.setattr(Measurer, "_once", fails)
    ended = start(tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    told, words = " ".join(ended.stdout.split()), asked[7].words()
    assert f"{words} failed: edge host: ModelError: no such head" in told
    assert f"Given up in the search: {words}: edge host: ModelError: no such head" in told
    (folder,) = (tmp_path / "vgg16_testbed").iterdir()
    (given_up,) = json.loads((folder / "summary.json").read_text())["given_up"]
    assert given_up["reason"] == "edge host: ModelError: no such head"


@pytest.mark.fault(
    group="command line",
    fault="a policy that no front can meet",
    seen=(
        "refused before the search, where all that can be measured is known: `min_fidelity is"
        " 0.9; ...`"
    ),
)
def test_a_policy_that_cannot_be_is_refused_before_the_search(tmp_path):
    ended = start(tmp_path, "policy.min_fidelity=0.9")
    assert ended.returncode == 2
    assert "min_fidelity is 0.9; fidelity was not measured" in ended.stderr
    assert not list(tmp_path.glob("vgg16_testbed/*"))


@pytest.mark.parametrize("hosts", ["local", "lab"])
@pytest.mark.fault(
    group="command line",
    fault="policies that choose by energy, where no host has a meter",
    seen="refused before the search: `they choose by energy, and no host has a meter`",
)
def test_policies_by_energy_are_refused_before_the_search_where_no_meter_is(tmp_path, hosts):
    words = ["+experiment=quick_testbed", f"hosts={hosts}", f"results_dir={tmp_path}"]
    words += ["hosts.edge.meter=none", "hosts.cloud.meter=none"]
    ended = command_line(*words, "policies=[dynasplit,least_energy]")
    assert ended.returncode == 2
    assert (
        "they choose by energy, and no host has a meter; allowed: also cloud_only" in ended.stderr
    )
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The folder of a finished run."""
    place = tmp_path_factory.mktemp("finished")
    ended = start(place)
    assert ended.returncode == 0, ended.stderr
    (folder,) = (place / "vgg16_testbed").iterdir()
    return folder


def next_of(finished: Path, results: Path, *words: str) -> tuple[str, Path]:
    """Start again, in a copy of a finished run's results: what was printed, the new folder."""
    shutil.copytree(finished.parents[1], results, dirs_exist_ok=True)
    before = set((results / "vgg16_testbed").iterdir())
    ended = start(results, *words)
    assert ended.returncode == 0, ended.stderr
    (folder,) = set((results / "vgg16_testbed").iterdir()) - before
    return ended.stdout.replace("\n", ""), folder


@pytest.mark.fault(
    group="search",
    fault="other requests or policies, where the campaign's run has finished",
    seen="`measured: ... runs`",
    kept="what was measured; only requests are served",
)
def test_a_finished_run_s_measurements_serve_other_requests(finished, tmp_path):
    said, folder = next_of(finished, tmp_path, "workload.requests=3", "policies=[dynasplit]")
    before = read_journal(finished / "journal.jsonl")
    after = read_journal(folder / "journal.jsonl")
    assert f"measured: {len(before.measurements)} runs" in said
    assert after.measurements == before.measurements
    assert (folder / "front.json").read_bytes() == (finished / "front.json").read_bytes()
    assert len(after.served) == 3


def test_more_repeats_cost_the_repeats_alone(finished, tmp_path):
    said, folder = next_of(finished, tmp_path, "search.front_repeats=2")
    assert "Takes over" in said
    before = read_journal(finished / "journal.jsonl").measurements
    after = read_journal(folder / "journal.jsonl").measurements
    assert after[: len(before)] == before
    more = after[len(before) :]
    assert more
    assert {m.repeat for m in more} == {2}


def test_a_run_that_ended_before_it_took_over_does_so_when_it_goes_on(finished, tmp_path):
    shutil.copytree(finished.parents[1], tmp_path, dirs_exist_ok=True)
    words = ("workload.requests=3", f"results_dir={tmp_path}")
    refused = command_line(*WORDS, *words, "search.storage=sqlite:////no/such/folder/x.db")
    assert refused.returncode == 1
    (unfinished,) = set((tmp_path / "vgg16_testbed").iterdir()) - {
        tmp_path / "vgg16_testbed" / finished.name
    }
    journal = unfinished / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:9]))
    assert 0 < len(read_journal(journal).measurements) < 9
    ended = start(tmp_path, "workload.requests=3")
    assert ended.returncode == 0, ended.stderr
    assert f"{unfinished.name}, continued" in ended.stdout.replace("\n", "")
    known = read_journal(finished / "journal.jsonl").measurements
    assert read_journal(journal).measurements == known
    assert (unfinished / "front.json").read_bytes() == (finished / "front.json").read_bytes()


def test_a_person_may_decide_that_what_was_measured_counts(finished, tmp_path):
    said, folder = next_of(finished, tmp_path, "search=tpe", f"resume={finished}")
    assert f"Takes over what {finished} measured".replace(" ", "") in said.replace(" ", "")
    before = read_journal(finished / "journal.jsonl")
    after = read_journal(folder / "journal.jsonl")
    assert after.taken_over == before.measurements
    assert len(after.measurements) > len(after.taken_over)
    assert json.loads((folder / "run.json").read_text())["took_over"] == str(finished)


def test_a_folder_that_is_no_run_s_is_refused(tmp_path):
    ended = start(tmp_path, f"resume={tmp_path}")
    assert ended.returncode == 2
    assert "allowed: true, false, or a run's folder (journal.jsonl in it)" in ended.stderr


def test_a_search_is_shown_in_optuna_s_storage(tmp_path):
    import optuna

    uri = f"sqlite:///{tmp_path}/studies.db"
    ended = start(tmp_path, f"search.storage={uri}")
    assert ended.returncode == 0, ended.stderr
    (folder,) = (tmp_path / "vgg16_testbed").iterdir()
    (name,) = optuna.get_all_study_names(uri)
    token = json.loads((folder / "run.json").read_text())["token"]
    assert name == f"vgg16_testbed {folder.name} {token}"
    study = optuna.load_study(study_name=name, storage=uri)
    summary = json.loads((folder / "summary.json").read_text())
    shown = [trial.user_attrs["configuration"] for trial in study.trials]
    assert len(shown) == len(set(shown))
    measured = read_journal(folder / "journal.jsonl").measurements
    assert set(shown) == {m.configuration.words() for m in measured}
    assert len(shown) >= summary["search"]["configurations_measured"]
    assert study.metric_names == ["latency_ms", "energy_j"]


def test_runs_of_the_same_second_have_studies_of_their_own_in_one_storage(tmp_path, monkeypatch):
    import optuna

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 2, 3, 4, 5, tzinfo=tz)

    monkeypatch.setattr(run_folder, "datetime", Stopped)
    uri = f"sqlite:///{tmp_path}/studies.db"
    for place in ("one", "two"):
        ended = start(tmp_path / place, f"search.storage={uri}", "search.trials=3")
        assert ended.returncode == 0, ended.stderr
    folders = sorted(tmp_path.glob("*/vgg16_testbed/*"))
    assert folders[0].name == folders[1].name
    tokens = [json.loads((folder / "run.json").read_text())["token"] for folder in folders]
    names = [f"vgg16_testbed {folders[0].name} {token}" for token in tokens]
    assert sorted(optuna.get_all_study_names(uri)) == sorted(names)


def test_a_run_that_goes_on_goes_on_in_its_study(searched, tmp_path):
    import optuna

    uri = f"sqlite:///{tmp_path}/studies.db"
    for requests in (3, 4):
        ended = start(searched.parents[1], f"search.storage={uri}", f"workload.requests={requests}")
        assert ended.returncode == 0, ended.stderr
        names = optuna.get_all_study_names(uri)
    token = json.loads((searched / "run.json").read_text())["token"]
    assert f"vgg16_testbed {searched.name} {token}" in names


@pytest.mark.fault(
    group="files",
    fault="`resume=` names a run that measured something else",
    seen="`It measured otherwise: OPTION=... there, ... here`",
    kept="it is taken, as was asked",
)
def test_what_was_measured_otherwise_is_named(finished, tmp_path):
    said, _ = next_of(finished, tmp_path, "measure.min_window_s=2", f"resume={finished}")
    assert "It measured otherwise: measure.min_window_s=0.5 there, 2.0 here" in said


def test_a_run_whose_record_is_lost_is_taken_over_with_a_word(finished, tmp_path):
    named = tmp_path / "named"
    shutil.copytree(finished, named)
    (named / "run.json").unlink()
    said, _ = next_of(finished, tmp_path / "new", "search=tpe", f"resume={named}")
    assert "How it measured is not known: its run.json is lost" in said

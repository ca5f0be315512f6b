"""The command line: what it says, what it refuses, and how it ends."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import run_experiment
from dynasplit.app.cli import command, ending
from dynasplit.app.cli import help as listing
from dynasplit.testbed.gates.base import gates
from hosts.conditions.base import conditions
from hosts.knobs.base import knobs

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def cli(monkeypatch, capfd, tmp_path):
    """Run the command in this process; returns exit code, output and errors."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["run_experiment.py", *words])
        code = command.main(run_experiment.compose)
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def modelled(cli, tmp_path):
    """Run a small experiment on the profile."""

    def run(*words: str) -> tuple[int, str, str]:
        small = ["hosts=modelled", "search.trials=12", "workload.requests=4", "tracking=none"]
        return cli("+experiment=vgg16_testbed", *small, f"results_dir={tmp_path}/results", *words)

    return run


def test_without_arguments_the_experiments_are_listed(cli):
    code, out, _ = cli()
    assert code == 0
    assert all(f"{name}  " in out and line in out for name, line in listing.experiments().items())


def test_help_names_every_group_every_knob_every_condition_and_every_gate(cli):
    code, out, _ = cli("--help")
    assert code == 0
    for name in (*listing.default_options(), *knobs(), *conditions(), *gates()):
        assert f"  {name} " in out, name


def test_help_and_composing_import_nothing_heavy():
    code = (
        "import sys; sys.argv = ['x', '+experiment=vgg16_testbed', '--cfg', 'job']\n"
        "import run_experiment; from dynasplit.app.cli import command\n"
        "command.main(run_experiment.compose)\n"
        "heavy = {'numpy', 'pandas', 'mlflow', 'optuna', 'tensorflow', 'fabric', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


def test_cfg_job_prints_every_value(cli):
    code, out, _ = cli("+experiment=vgg16_testbed", "seed=7", "--cfg", "job")
    assert code == 0
    assert "seed: 7\n" in out
    assert "  fraction: 0.2\n" in out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python run_experiment.py hosts=", "hosts=emulated"),
        ("python run_experiment.py +experiment=", "+experiment=quick_testbed"),
        ("python run_experiment.py search.fr", "search.fraction="),
    ],
)
def test_completion_offers_groups_options_and_keys(cli, monkeypatch, line, expected):
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    assert expected in cli("-sc", "query=bash")[1].split()


REFUSED = [
    (["+experiment=nope"], ["'nope'", "experiment", "vgg16_testbed"]),
    (["experiment=vgg16_testbed"], ["+experiment=NAME"]),
    (["seed=1"], ["+experiment=NAME"]),
    (["hosts=nope"], ["'nope'", "emulated, lab, local, minipc, modelled, recorded"]),
    (["search=5"], ["'5'", "nsga3"]),
    (["search=[nsga3"], ["nsga3"]),
    (["nope=1"], ["'nope'", "seed"]),
    (["search.fractoin=1"], ["did you mean fraction?"]),
    (["seed=abc"], ["seed=abc", "a whole number"]),
    (["search.fraction=x"], ["a number above 0, up to 1, or null"]),
    (["space.cpu_mhz=600"], ["a list of whole numbers"]),
    (["dry_run=maybe"], ["true or false"]),
    (["name=null"], ["name=null; allowed: a name of"]),
    (["+experiment=vgg16_testbed", "name=../.."], ["name='../..'; allowed: a name of"]),
    (["+experiment=vgg16_testbed", "+search.x=1"], ["search.x", "fraction"]),
    (
        ["+experiment=vgg16_testbed", "measure.gates.steady.action=maybe"],
        ["measure.gates.steady.action=maybe", "off, warn, again, stop"],
    ),
    (
        ["+experiment=vgg16_testbed", "measure.gates.steady.max_pct=-1"],
        ["measure.gates.steady.max_pct=-1.0", "from 0 to", "or null"],
    ),
    (["+experiment=vgg16_testbed", "search.fraction=1.5"], ["1.5", "above 0, up to 1"]),
    (["+experiment=vgg16_testbed", "space.cpu_mhz=[700]"], ["700", "600, 800", "1800"]),
    (
        ["+experiment=vgg16_testbed", "model.split_points=[22]", "space.cloud_gpu=[true]"],
        ["no valid configuration"],
    ),
    (
        ["+experiment=vgg16_testbed", "hosts.edge.meter_options={a:1}"],
        ["+hosts.edge.meter_options.KEY=VALUE"],
    ),
    (["+experiment=vgg16_testbed", "front=/nope"], ["/nope", "exists"]),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[" ".join(w) for w, _ in REFUSED])
def test_what_is_not_there_is_refused_in_one_message(cli, tmp_path, words, said):
    code, out, err = cli(*words, f"results_dir={tmp_path}/results", "hosts.speedup=1")
    assert code == ending.REFUSED
    assert err.count("Error:") == 1
    assert len(err.strip().splitlines()) == 1
    assert all(word in err for word in said), err
    assert "Traceback" not in out + err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["hosts.edge.address=http://edge"],
            "hosts.edge.address 'http://edge': http:// is not SSH's",
        ),
        (["hosts.cloud.address='edge:22:33'"], "hosts.cloud.address 'edge:22:33': several colons"),
        (["hosts.edge.address=pi@edge", "hosts.edge.user=ann"], "says user pi, and user=ann"),
        (["hosts.edge.address=edge:2222", "hosts.edge.port=22"], "says port 2222, and port=22"),
        (["hosts.edge.port=65536"], "hosts.edge.port=65536; allowed: from 1 to 65535"),
        (["hosts.edge.address=null"], "hosts.edge.address is missing"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_before_anything_starts(cli, words, said):
    code, _, err = cli("+experiment=quick_testbed", "hosts=lab", "hosts.profile=quick", *words)
    assert code == ending.REFUSED, err
    assert len(err.splitlines()) == 1
    assert said in err


WRONG_FILES = [
    ["+experiment=replay", "runs"],
    ["+experiment=audit_runs", "runs"],
    ["+experiment=search_benchmark", "runs"],
    ["+experiment=fit_profile", "runs"],
    ["+experiment=fit_profile", "fit.profile=quick", "fit.macs"],
    ["+experiment=fit_profile", "fit.macs=tests/conftest.py", "fit.profile"],
    ["+experiment=quick_testbed", "hosts=recorded", "runs"],
    ["+experiment=quick_testbed", "hosts=modelled", "front"],
    ["+experiment=quick_testbed", "hosts=modelled", "workload.file"],
    ["+experiment=quick_testbed", "hosts=modelled", "hosts.profile"],
    ["+experiment=quick_testbed", "hosts=local", "front"],
    ["+experiment=quick_testbed", "hosts=local", "workload.file"],
    ["+experiment=quick_testbed", "model=keras_file", "model.path"],
    ["+experiment=describe_model", "model=keras_file", "model.path"],
    ["+experiment=quick_testbed", "model=onnx_file", "model.path"],
    ["+experiment=describe_model", "model=onnx_file", "model.path"],
    ["+experiment=quick_testbed", "data=imagenet_folder", "data.path"],
    ["+experiment=quick_testbed", "hosts=lab", "hosts.edge.key_file"],
    ["+experiment=quick_testbed", "hosts=lab", "hosts.cloud.known_hosts"],
]


@pytest.mark.medium
@pytest.mark.parametrize("words", WRONG_FILES, ids=[" ".join(w) for w in WRONG_FILES])
@pytest.mark.fault(
    group="command line",
    fault="a file that is not there, or is something else",
    seen="one line, exit code 2",
    kept="nothing was started",
)
def test_a_file_that_is_not_there_or_is_something_else_is_a_wrong_setting(cli, tmp_path, words):
    """Absent, a folder, or of another kind; where any file will do there is no third."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "bytes.yaml").write_bytes(bytes(range(256)))
    names = ["absent.yaml", "folder.yaml", "bytes.yaml"]
    for name in names[:2] if "hosts=lab" in words else names:
        code, _, err = cli(*words[:-1], f"{words[-1]}={tmp_path}/{name}")
        assert code == ending.REFUSED, err
        assert err.startswith("Error: ")
        assert len(err.splitlines()) == 1
        assert f"{tmp_path}/{name}" in err
        assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["~hosts"], "hosts.kind has no value; say hosts=OPTION or hosts.kind=VALUE"),
        (["~model"], "model.name has no value; say model=OPTION or model.name=VALUE"),
        (["~search"], "search.algorithm has no value"),
        (["~hosts.edge"], "hosts.edge cannot be taken away"),
        (["~nope"], "there is no key 'nope'"),
        (["~hosts.nope"], "there is no key 'nope' in hosts"),
        (["~seed=7"], "'seed' is 0 and not 7"),
        (["tracking.uri=${oc.env:NO_SUCH_VARIABLE}"], "'NO_SUCH_VARIABLE' not found"),
        (["seed=${nope}"], "Interpolation key 'nope' not found"),
    ],
)
def test_what_leaves_a_value_open_is_refused_in_one_line(cli, words, said):
    code, _, err = cli("+experiment=quick_testbed", *words)
    assert code == ending.REFUSED
    assert len(err.splitlines()) == 1
    assert said in err


@pytest.mark.fault(
    group="command line",
    fault="one job of several that cannot be",
    seen="which value: `search.fraction=7`",
    kept="none was started",
)
def test_nothing_of_a_multirun_starts_if_one_job_is_refused(cli, tmp_path):
    code, _, err = cli(
        "-m", "+experiment=vgg16_testbed", "search.fraction=0.1,7", f"results_dir={tmp_path}"
    )
    assert code == ending.REFUSED
    assert "search.fraction=7" in err
    assert [p.name for p in tmp_path.iterdir()] == ["multirun.yaml"]


@pytest.mark.medium
@pytest.mark.fault(
    group="room",
    fault="a results folder that cannot be written",
    seen="exit code 1: `cannot be written`",
)
def test_results_that_cannot_be_written_are_refused(modelled, tmp_path):
    (tmp_path / "taken").write_text("a file")
    code, _, err = modelled(f"results_dir={tmp_path}/taken")
    assert code == ending.FAILED
    assert f"results_dir={tmp_path}/taken cannot be written" in err
    code, _, err = modelled("-m", f"results_dir={tmp_path}/taken", "seed=0,1")
    assert code == ending.FAILED
    assert "cannot be written" in err


@pytest.mark.fault(
    group="room",
    fault="a results folder that cannot be written, in a dry run",
    seen="exit code 1: `cannot be written`, as of a real run",
    kept="nothing is made",
)
@pytest.mark.parametrize("plan", ["vgg16_testbed", "describe_model"])
def test_a_dry_run_says_that_results_cannot_be_written(cli, tmp_path, plan):
    (tmp_path / "taken").write_text("a file")
    for place in ("taken", "taken/below"):
        code, out, err = cli(
            f"+experiment={plan}", "dry_run=true", f"results_dir={tmp_path}/{place}"
        )
        assert (code, out) == (ending.FAILED, "")
        assert f"results_dir={tmp_path}/{place} cannot be written: Not a directory" in err


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"kind": "dynasplit front", "version": 9}'])
def test_a_foreign_front_is_refused(modelled, tmp_path, content):
    (tmp_path / "front.json").write_text(content)
    code, _, err = modelled(f"front={tmp_path}/front.json")
    assert code == ending.REFUSED
    assert "front.json" in err
    assert "Traceback" not in err


def test_the_traceback_is_shown_when_asked_for(cli):
    with pytest.raises(Exception, match="no experiment"):
        cli("seed=1", "debug=true")


@pytest.mark.medium
def test_a_dry_run_says_what_would_be_done_and_does_nothing(cli, tmp_path):
    code, out, _ = cli(
        "+experiment=vgg16_testbed", "dry_run=true", f"results_dir={tmp_path}/results"
    )
    assert code == 0
    assert "917 valid; 184 searched by structured" in out
    assert "board time" in out
    assert "min searching" in out
    assert not (tmp_path / "results").exists()


@pytest.mark.medium
def test_a_whole_run_leaves_its_files(modelled, tmp_path):
    code, out, err = modelled()
    assert (code, err) == (0, "")
    (folder,) = (tmp_path / "results" / "vgg16_testbed").iterdir()
    assert {"summary.json", "front.json", "runs.parquet", "requests.parquet"} <= {
        p.name for p in folder.iterdir()
    }
    summary = json.loads((folder / "summary.json").read_text())
    assert {k: summary[k] for k in ("experiment", "model", "hosts", "emulated", "seed")} == {
        "experiment": "vgg16_testbed",
        "model": "vgg16",
        "hosts": "modelled",
        "emulated": True,
        "seed": 0,
    }
    assert set(summary["search"]) == {
        "algorithm",
        "space_size",
        "configurations_measured",
        "front_size",
        "front_runs_least",
        "hypervolume",
        "testbed_time_s",
    }
    assert summary["search"]["configurations_measured"] == 12
    assert all(block["requests"] == 4 for block in summary["policies"].values())
    assert str(folder) in out
    assert all(name in out for name in summary["policies"])


@pytest.mark.medium
def test_the_runs_of_a_run_and_its_front_serve_another(modelled, tmp_path):
    modelled()
    (folder,) = (tmp_path / "results" / "vgg16_testbed").iterdir()
    assert modelled("hosts=recorded", f"runs={folder}/runs.parquet")[0] == 0
    code, out, _ = modelled(f"front={folder}/front.json", "workload.requests=3")
    assert code == 0
    assert "Searching" not in out


@pytest.mark.medium
def test_a_multirun_runs_each_job_into_a_folder_of_its_own(modelled, tmp_path):
    code, out, _ = modelled("-m", "seed=0,1", "search=random,nsga2")
    assert code == 0
    assert "Job 4 of 4" in out
    folders = list((tmp_path / "results" / "vgg16_testbed").iterdir())
    found = {
        (s["seed"], s["search"]["algorithm"])
        for s in (json.loads((f / "summary.json").read_text()) for f in folders)
    }
    assert found == {(0, "random"), (0, "nsga2"), (1, "random"), (1, "nsga2")}


@pytest.mark.medium
@pytest.mark.fault(
    group="search",
    fault="SIGTERM",
    seen="exit code 143, `Ended by SIGTERM. What was measured is kept; the same command goes on`",
    kept="all finished measurements",
)
def test_a_signal_to_end_unwinds(tmp_path):
    """SIGTERM ends a run as an error does, and the same command goes on."""
    words = ["+experiment=vgg16_testbed", "hosts=modelled", f"results_dir={tmp_path}"]
    words += ["search.trials=60", "search.front_repeats=0", "workload.requests=4"]
    command_line = [sys.executable, "run_experiment.py", *words, "tracking=none"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command_line,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "of 60" in line:
                process.terminate()
                break
        said = process.stdout.read()
    assert process.returncode == 128 + 15
    words = "Ended by SIGTERM. What was measured is kept; the same command goes on there."
    assert said.splitlines()[-1] == words
    again = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0
    assert "continued" in again.stdout
    assert "done before" in again.stdout
    (folder,) = (tmp_path / "vgg16_testbed").iterdir()
    assert json.loads((folder / "run.json").read_text())["state"] == "finished"


@pytest.mark.fault(
    group="search",
    fault="the terminal is closed on a run that was begun with `nohup`",
    seen="nothing: it goes on",
)
@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.SIG_DFL])
def test_the_end_of_the_terminal_ends_a_run_unless_it_is_told_to_be_ignored(
    before, cli, own_signals
):
    signal.signal(signal.SIGHUP, before)
    cli("nothing=1")
    assert (signal.getsignal(signal.SIGHUP) == signal.SIG_IGN) == (before == signal.SIG_IGN)


@pytest.fixture
def own_signals():
    """Put the handlers of signals back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    found = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    ending.heed_signals()  # none has come
    for number, handler in zip(numbers, found, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("is_swallowed", [True, False])
@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGTERM, "Ended by SIGTERM"), (signal.SIGINT, "Interrupted")]
)
def test_a_signal_in_the_midst_of_native_code_ends_a_run_all_the_same(
    is_swallowed, number, words, capsys, own_signals
):
    """A figure's drawing turns what a signal raises into a ValueError of its own."""

    def draw():
        try:
            signal.raise_signal(number)
        except BaseException as error:
            if not is_swallowed:
                raise ValueError("Invalid affine transformation matrix") from error

    ending.heed_signals()
    assert ending.guarded(draw, debug=False) == 128 + number
    told = capsys.readouterr()
    assert (told.out + told.err).strip().startswith(f"{words}. What was measured is kept")
    assert "affine" not in told.out + told.err


@pytest.mark.fault(
    group="room",
    fault="a disk that fails, or is read-only all at once; a folder in place of a file of a run",
    seen="exit code 1: what it was, and `What was measured is kept; the same command goes on`",
    kept="what was measured",
)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/r/x"), "/r/x: Read-only file system. "),
        (OSError(errno.EIO, "Input/output error"), "Input/output error. "),
        (
            IsADirectoryError(errno.EISDIR, "Is a directory", "/r/\x1b"),
            "/r/\ufffd: Is a directory. ",
        ),
    ],
)
def test_what_the_system_refuses_is_one_message(error, words, capsys):
    def refuse():
        raise error

    assert ending.guarded(refuse, debug=False) == ending.FAILED
    told = capsys.readouterr().err
    assert told.startswith(f"Error: {words}What was measured is kept; the same command goes on")
    with pytest.raises(OSError, match=error.strerror):
        ending.guarded(refuse, debug=True)


@pytest.mark.fault(
    group="room",
    fault="the temporary folder is full",
    seen="exit code 1: `a file cannot grow`, `in the temporary folder, ...`",
    kept="what was measured",
)
@pytest.mark.parametrize(("free", "is_named"), [(0, True), (1 << 30, False)])
def test_a_full_temporary_folder_is_named(free, is_named, monkeypatch, tmp_path, capsys):
    def write():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    assert ending.guarded(write, debug=False) == ending.FAILED
    told = capsys.readouterr().err
    assert "a file cannot grow: No space left on device" in told
    assert (f"in the temporary folder, {tmp_path} (TMPDIR)" in told) == is_named


@pytest.mark.medium
@pytest.mark.fault(
    group="command line",
    fault="nobody reads what is printed any more, as where a pager was left",
    seen="exit code 1: `standard output: nobody reads it any more`",
    kept="what was measured",
)
def test_a_pipe_that_is_closed_is_one_message(tmp_path):
    words = ["+experiment=vgg16_testbed", "hosts=modelled", f"results_dir={tmp_path}"]
    words += ["search.trials=5", "search.front_repeats=0", "workload.requests=2"]
    read, write = os.pipe()
    os.close(read)
    told = subprocess.run(
        [sys.executable, "run_experiment.py", *words, "tracking=none"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert told.returncode == 1
    (line,) = told.stderr.splitlines()
    assert line.startswith("Error: standard output: nobody reads it any more. What was measured is")

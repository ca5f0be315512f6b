"""A preflight as a person starts it: emulated hosts, and hosts behind Debian's OpenSSH servers."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.openssh import free_port, keygen
from tests.openssh_boards import OpenSshHost, named, needs_openssh
from tests.system.test_openssh import governor

pytestmark = pytest.mark.slow


def start(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run_experiment.py", *words, f"results_dir={tmp_path / 'results'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The words of two OpenSSH hosts, and the folder that they lie in."""
    folder = tmp_path_factory.mktemp("lab")
    authorized = keygen(folder / "client_key")
    hosts = {role: OpenSshHost(role, folder / role, authorized) for role in ("edge", "cloud")}
    (folder / "known_hosts").write_text("".join(host.known for host in hosts.values()))
    yield [*named(hosts), "tracking=none"], hosts
    for host in hosts.values():
        host.close()


def findings(tmp_path: Path) -> list[dict]:
    (file,) = (tmp_path / "results/preflight").glob("*/preflight.json")
    return json.loads(file.read_text())["findings"]


def test_emulated_hosts_pass_and_all_is_in_one_table(tmp_path):
    done = start(tmp_path, "+experiment=preflight", "hosts.profile=quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall("┏", done.stdout)) == 1
    assert "In MLflow: mlflow ui" in done.stdout
    checks = {(f["host"], f["check"]) for f in findings(tmp_path)}
    assert {f["verdict"] for f in findings(tmp_path)} == {"ok"}
    for host, check in (
        ("edge", "login"),
        ("edge", "cpu_mhz"),
        ("edge", "link"),
        ("edge", "inference"),
        ("cloud", "inference"),
        ("cloud", "packages"),
        ("edge", "meter wall"),
        ("cloud", "meter wall"),
    ):
        assert (host, check) in checks
    assert "+-20%" in done.stdout


def test_hosts_that_are_none_are_refused(tmp_path):
    done = start(tmp_path, "+experiment=preflight", "hosts=modelled")
    assert done.returncode == 2
    assert "no hosts to look at; allowed: emulated, local" in done.stderr


@needs_openssh
def test_openssh_hosts_pass_and_are_put_back(lab, tmp_path):
    words, hosts = lab
    done = start(tmp_path, "+experiment=preflight", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert governor(hosts) == "ondemand"
    assert not list((hosts["edge"].folder / "state").glob("*.json"))
    assert [f["found"] for f in findings(tmp_path) if f["check"] == "identity"] == [
        "two emulated boards"
    ]


@needs_openssh
def test_all_that_login_and_files_tell_is_in_one_list_within_ten_seconds(lab, tmp_path):
    words, _ = lab
    wrong = [f"hosts.cloud.port={free_port()}", "hosts.edge.python=/no/such/python"]
    begun_s = time.monotonic()
    done = start(tmp_path, "+experiment=preflight", *words, *wrong)
    assert time.monotonic() - begun_s < 20  # with the start of this program, and its results
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    told = {(f["host"], f["check"]): f for f in findings(tmp_path) if f["verdict"] == "error"}
    assert set(told) == {("cloud", "login"), ("edge", "interpreter"), ("both", "under load")}
    assert "no answer" in told["cloud", "login"]["found"]
    assert "/no/such/python is no interpreter there" in told["edge", "interpreter"]["found"]
    assert "hosts.<role>.python" in told["edge", "interpreter"]["advice"]
    took_s = re.search(r"one reading, in ([0-9.]+) s: ", done.stdout)
    assert took_s is not None
    assert float(took_s[1]) < 10


@needs_openssh
def test_a_dry_run_on_own_hosts_looks_at_them_and_changes_nothing(lab, tmp_path):
    words, hosts = lab
    done = start(tmp_path, "+experiment=quick_testbed", *words, "dry_run=true")
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("The hosts at a quick look", "interpreter", "meter board", "configurations"):
        assert said in done.stdout
    assert governor(hosts) == "ondemand"
    assert not (tmp_path / "results/quick_testbed").exists()


@needs_openssh
def test_a_run_on_own_hosts_begins_with_a_quick_look(lab, tmp_path):
    words, _ = lab
    wrong = ["hosts.edge.python=/no/such/python", "hosts.cloud.meter=rapl"]
    done = start(tmp_path, "+experiment=quick_testbed", *words, *wrong)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert "2 checks of them failed" in line
    for said in ("/no/such/python is no interpreter there", "no RAPL here"):
        assert said in line
    assert not (tmp_path / "results/quick_testbed").exists()

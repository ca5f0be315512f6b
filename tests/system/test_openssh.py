"""The same experiment on two of Debian's OpenSSH servers: nothing knows that hosts are emulated."""

import getpass
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.openssh import SSHD, OpenSshServer, servers_of_boards

pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not SSHD.exists(), reason="openssh-server is missing"),
]


@pytest.fixture
def hosts(tmp_path):
    with servers_of_boards(tmp_path) as both:
        yield both


def run(
    hosts: dict[str, OpenSshServer], tmp_path: Path, profile: str = "quick"
) -> subprocess.CompletedProcess[str]:
    """A short experiment on these hosts, its results in `results`."""

    def host(role: str, *more: str) -> list[str]:
        return [
            f"hosts.{role}.address=127.0.0.1",
            f"hosts.{role}.link_address=127.0.0.1",
            f"hosts.{role}.port={hosts[role].port}",
            f"hosts.{role}.user={getpass.getuser()}",
            f"hosts.{role}.key_file={tmp_path}/client_key",
            f"hosts.{role}.known_hosts={tmp_path}/known_hosts",
            f"hosts.{role}.python={sys.executable}",
            f"hosts.{role}.meter=board",
        ]

    return subprocess.run(
        [
            sys.executable,
            "run_experiment.py",
            "+experiment=quick_testbed",
            "hosts=lab",
            f"hosts.profile={profile}",
            *host("edge"),
            *host("cloud"),
            "workload.requests=3",
            "search.fraction=0.1",
            "tracking=none",
            f"results_dir={tmp_path / 'results'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def governor(tmp_path: Path) -> str:
    policy = tmp_path / "edge/root/sys/devices/system/cpu/cpufreq/policy0"
    return (policy / "scaling_governor").read_text().strip()


def test_quick_testbed_runs_on_openssh_and_puts_the_knobs_back(hosts, tmp_path):
    done = run(hosts, tmp_path, profile="null")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["emulated"] is True
    runs = pd.read_parquet(folder / "runs.parquet")
    assert set(runs["source"]) == {"emulated"}
    assert set(runs["cpu_mhz"]) == {600, 1000, 1400, 1800}  # as the host says
    assert set(runs["cloud_gpu"]) == {False, True}
    assert governor(tmp_path) == "ondemand"
    assert not list((tmp_path / "edge/state").glob("*.json"))


def test_a_host_that_is_not_put_back_is_told_and_the_results_are_whole(hosts, tmp_path):
    record = tmp_path / "edge/state/edge.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"fan_rpm": {"value": "900"}}))
    done = run(hosts, tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "NOT PUT BACK: edge host" in done.stdout
    assert "fan_rpm: this host knows no such knob now" in done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    assert json.loads((folder / "run.json").read_text())["state"] == "finished"
    assert (folder / "summary.json").is_file()
    assert governor(tmp_path) == "ondemand"
    assert list(json.loads(record.read_text())) == ["fan_rpm"]

"""The same experiment on two of Debian's OpenSSH servers: nothing knows that hosts are emulated."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.openssh_boards import OpenSshHost, named, needs_openssh, openssh_hosts

__all__ = ["openssh_hosts"]
pytestmark = [pytest.mark.medium, needs_openssh]


def run(
    hosts: dict[str, OpenSshHost], tmp_path: Path, profile: str = "quick"
) -> subprocess.CompletedProcess[str]:
    """A short experiment on these hosts, its results in `results`."""
    return subprocess.run(
        [
            sys.executable,
            "run_experiment.py",
            "+experiment=quick_testbed",
            *named(hosts, profile),
            "workload.requests=3",
            "search.fraction=0.1",
            "tracking=none",
            "figures.draw=false",
            f"results_dir={tmp_path / 'results'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def governor(hosts: dict[str, OpenSshHost]) -> str:
    return hosts["edge"].file("scaling_governor").read_text().strip()


def test_quick_testbed_runs_on_openssh_and_puts_the_knobs_back(openssh_hosts, tmp_path):
    done = run(openssh_hosts, tmp_path, profile="null")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["emulated"] is True
    runs = pd.read_parquet(folder / "runs.parquet")
    assert set(runs["source"]) == {"emulated"}
    assert {600, 1800} <= set(runs["cpu_mhz"]) <= {600, 1000, 1400, 1800}  # as the host says
    assert set(runs["cloud_gpu"]) == {False, True}
    assert governor(openssh_hosts) == "ondemand"
    assert not list((tmp_path / "edge/state").glob("*.json"))


@pytest.mark.fault(
    group="hosts",
    fault="a host that is not put back at the end of a run",
    seen="`NOT PUT BACK: edge host ...`, exit code 1",
    kept="the results are complete",
)
def test_a_host_that_is_not_put_back_is_told_and_the_results_are_whole(openssh_hosts, tmp_path):
    record = tmp_path / "edge/state/edge.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"fan_rpm": {"value": "900"}}))
    done = run(openssh_hosts, tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "NOT PUT BACK: edge host" in done.stdout
    assert "fan_rpm: this host knows no such knob now" in done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    assert json.loads((folder / "run.json").read_text())["state"] == "finished"
    assert (folder / "summary.json").is_file()
    assert governor(openssh_hosts) == "ondemand"
    assert list(json.loads(record.read_text())) == ["fan_rpm"]

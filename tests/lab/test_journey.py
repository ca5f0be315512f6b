"""The way from two bare hosts to a first front and back, in the commands of docs/own-hosts.md."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.lab.accounts import HOME, USER
from tests.lab.lab import Lab, open_lab
from tests.lab.needs import missing

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.lab,
    pytest.mark.judge,
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]

PAGE = ROOT / "docs/own-hosts.md"
LIMIT_S = 12 * 60
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "results", "multirun", ".*_cache", "__pycache__")
WATCHED = ("etc/passwd", "etc/group", "etc/tmpfiles.d", "etc/udev/rules.d", "etc/dynasplit")
STEPS = (
    "+experiment=provision hosts=mine dry_run=true",
    "+experiment=provision hosts=mine",
    "+experiment=preflight hosts=mine",
    "+experiment=quick_testbed hosts=mine",
)


@pytest.fixture(scope="module")
def bare() -> Iterator[Lab]:
    with open_lab(sudo=True) as lab:
        yield lab
        for log in sorted(lab.folder.rglob("*.log")):
            print(f"{log}\n{log.read_text()}")


@pytest.fixture(scope="module")
def checkout(bare, tmp_path_factory) -> Path:
    """The project as a person has it, who has copied `lab.yaml` and put in what is theirs."""
    folder = tmp_path_factory.mktemp("journey") / "DynaSplit"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    said = (folder / "conf/hosts/lab.yaml").read_text()
    edge, cloud = bare.hosts["edge"], bare.hosts["cloud"]
    for before, after in (
        ("address: edge.example", f"address: {USER}@{edge.address}"),
        ("address: cloud.example", f"address: {USER}@{cloud.address}"),
        ("link_address: null", f"link_address: {cloud.link_address}"),
        ("meter_options: {}", f'meter_options: {{resource: "{edge.resource}"}}'),
    ):
        assert said.count(before) == 1, before
        said = said.replace(before, after)
    (folder / "conf/hosts/mine.yaml").write_text(said)
    return folder


def ran(checkout: Path, home: Path, words: str) -> str:
    """What a command of the page says, which must end well."""
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "run_experiment.py", *words.split(), *home_words(home)],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    spent_s = time.monotonic() - began_s
    print(f"--- {words}: {spent_s:.0f} s\n{done.stdout}{done.stderr}", flush=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def home_words(keys: Path) -> list[str]:
    """What a person's own ~/.ssh would say."""
    said = {"key_file": keys / "key", "known_hosts": keys / "known_hosts"}
    return [f"hosts.{r}.{name}={path}" for r in ("edge", "cloud") for name, path in said.items()]


def state(lab: Lab) -> dict[str, str]:
    """What of the hosts' own may change."""
    found = {}
    for role in lab.hosts:
        root = lab.root(role)
        (policy,) = (root / "sys/devices/system/cpu/cpufreq").glob("policy*")
        places = [*(root / name for name in WATCHED), policy, root / HOME.lstrip("/")]
        files = [p for place in places for p in (place, *place.rglob("*")) if p.is_file()]
        for path in files:
            told = path.stat()
            name = f"{role} {path.relative_to(root)}"
            found[name] = f"{told.st_mode:o} {told.st_uid} {told.st_gid} {path.read_bytes()!r}"
    return found


def programs(lab: Lab) -> str:
    """The programs of the login on both hosts."""
    return "".join(
        subprocess.run(
            ["nsenter", "-t", str(host.pid), "-a", "pgrep", "-a", "-u", USER],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for host in lab.hosts.values()
    )


def test_two_bare_hosts_come_to_a_first_front_by_the_page_alone(bare, checkout):
    page = PAGE.read_text()
    assert all(f"python run_experiment.py {step}\n" in page for step in STEPS)
    before, began_s = state(bare), time.monotonic()
    said = [ran(checkout, bare.folder, step) for step in STEPS]
    spent_s = time.monotonic() - began_s
    print(f"{spent_s:.0f} s in all")
    (folder,) = (checkout / "results/quick_testbed").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["emulated"] is False
    assert summary["given_up"] == []
    assert "checks, no errors, " in said[2]
    assert programs(bare) == ""
    ran(checkout, bare.folder, "+experiment=provision hosts=mine provision.undo=true")
    assert state(bare) == before
    assert spent_s < LIMIT_S

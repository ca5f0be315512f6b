"""Bare hosts made ready and taken back over OpenSSH, with a small list of packages."""

import subprocess
from dataclasses import replace

import pytest

from dynasplit.provision import environment, provisioning
from dynasplit.provision.steps import Progress
from experiments import provision as plan
from tests.commands import command_line
from tests.openssh import SSHD, OpenSshServer

pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not SSHD.exists(), reason="openssh-server is missing"),
]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """The words of two hosts that have no environment; their folder."""
    folder = tmp_path_factory.mktemp("bare")
    words, servers = [f"results_dir={folder}/results"], []
    for role in ("edge", "cloud"):
        host = OpenSshServer(folder / role)
        servers.append(host)
        options = {
            "address": "127.0.0.1",
            "port": host.port,
            "user": host.address.user,
            "key_file": host.address.key_file,
            "known_hosts": host.address.known_hosts,
            "python": folder / f"{role}_env/bin/python",
            "meter": "none",
            "knobs": "[]",
        }
        words += [f"hosts.{role}.{name}={value}" for name, value in options.items()]
    yield folder, words
    for host in servers:
        host.close()


@pytest.fixture(autouse=True)
def few_packages(monkeypatch):
    monkeypatch.setattr(environment, "requirements_of", lambda _file: "msgspec==0.22.0\n")


def provisioned(words, *more):
    return command_line("+experiment=provision", *words, *more)


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(hosts):
    folder, words = hosts
    told = provisioned(words, "dry_run=true")
    assert told.returncode == 0, told.stderr
    assert "-m venv --clear" in told.stdout
    assert "pip install" in told.stdout
    assert not (folder / "edge_env").exists()


@pytest.mark.slow
def test_hosts_are_made_ready_once_and_taken_back(hosts):
    folder, words = hosts
    first = provisioned(words)
    assert first.returncode == 0, first.stderr + first.stdout
    for role in ("edge", "cloud"):
        python = folder / f"{role}_env/bin/python"
        subprocess.run([python, "-c", "import msgspec"], check=True)
    again = provisioned(words)
    assert again.returncode == 0, again.stderr
    assert "there" in again.stdout
    assert "done" not in again.stdout
    undone = provisioned(words, "provision.undo=true")
    assert undone.returncode == 0, undone.stderr
    assert not (folder / "edge_env").exists()
    assert not (folder / "cloud_env").exists()


@pytest.mark.slow
def test_a_host_without_a_way_out_gets_its_packages_from_the_controller(hosts, monkeypatch):
    folder, words = hosts
    steps = environment.steps
    closed = "export PIP_INDEX_URL=http://127.0.0.1:1/ PIP_RETRIES=0 PIP_CONFIG_FILE=/dev/null\n"

    def without_index(*args, **options):
        found = steps(*args, **options)
        return [replace(s, script=closed + s.script) if s.wheels else s for s in found]

    monkeypatch.setattr(environment, "steps", without_index)
    done = provisioned(words)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "it reaches no package index; through the controller" in done.stdout
    subprocess.run([folder / "edge_env/bin/python", "-c", "import msgspec"], check=True)
    assert provisioned(words, "provision.undo=true").returncode == 0


def test_one_host_that_fails_does_not_hide_the_other(hosts):
    _folder, words = hosts
    told = provisioned(words, "hosts.edge.port=1", "dry_run=true")
    assert told.returncode == 1
    assert "127.0.0.1:1: no answer" in told.stderr
    assert "-m venv" in told.stdout


def third(python: str) -> str:
    """The words of an edge whose meter hangs at a machine of its own."""
    where = f"address: localhost, port: 1, python: {python}"
    meter = f'meter: gpm8213, resource: "ASRL/dev/ttyACM0::INSTR", runs_on: {{{where}}}'
    return f"hosts.edge.meters=[{{{meter}}}]"


def test_a_machine_that_a_meter_hangs_at_is_made_ready_too(hosts, monkeypatch):
    _folder, words = hosts
    made = {}

    def noted(role, address, _tell, **_more):
        made[role] = (str(address), [r.pattern for r in provisioning.rights_for(address)])
        return Progress(role, str(address))

    monkeypatch.setattr(plan, "provision", noted)
    told = provisioned(words, third("/opt/meters/bin/python"))
    assert told.returncode == 0, told.stderr
    assert made["meters"] == ("localhost:1", ["dev/ttyACM0"])
    assert made["edge"][1] == []  # no right where the meter is not
    refused = provisioned(words, third("python3"))
    assert refused.returncode == 2
    assert "runs_on, python=python3 is no environment of its own" in refused.stderr


@pytest.mark.parametrize(
    ("word", "refused"),
    [
        ("hosts=emulated", "hosts.kind=emulated; allowed: ssh"),
        ("hosts.edge.python=python3", "nothing is installed into the system's"),
    ],
)
def test_what_cannot_be_is_refused_at_once(hosts, word, refused):
    _folder, words = hosts
    told = provisioned([] if "emulated" in word else words, word)
    assert told.returncode == 2
    assert refused in told.stderr

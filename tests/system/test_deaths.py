"""What dies beneath a run, in the midst of its search: one message, nothing left, nothing lost."""

import contextlib
import json
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.commands import command_line
from tests.openssh_boards import OpenSshHost, named, needs_openssh, openssh_hosts
from tests.processes import left, words_of

__all__ = ["openssh_hosts"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = (
    *("+experiment=quick_testbed", "search.fraction=0.08", "search.front_repeats=1"),
    *("workload.requests=1", "policies=[dynasplit]", "measure.baseline_s=5", "data.images=12"),
    "tracking=none",
    "figures.draw=false",
    # where these are left open, boards and machines differ
    *("measure.max_warmup_s=0", "measure.control_every=0", "measure.baseline_states=false"),
    "measure.cool_down_c=1000",
)
Family = list[psutil.Process]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The results of a run beneath which nothing died."""
    results = tmp_path_factory.mktemp("whole")
    ended = command_line(*WORDS, f"results_dir={results}")
    assert ended.returncode == 0, ended.stderr
    return results


@pytest.fixture
def temporary(monkeypatch) -> Iterator[Path]:
    """The folder for temporary files; its path is short, since there are unix sockets in it."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def records(results: Path) -> list[dict[str, Any]]:
    """The journal's measurements and requests, without what they cost and whose they are."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k not in ("testbed_time_s", "run")}
        return value

    (journal,) = results.glob("quick_testbed/*/journal.jsonl")
    lines = journal.read_bytes().split(b"\n")[:-1]
    return [timeless(r) for r in map(json.loads, lines) if r["kind"] != "begun"]


def front(results: Path) -> Any:
    (file,) = results.glob("quick_testbed/*/front.json")
    return json.loads(file.read_text())


@contextlib.contextmanager
def dying(results: Path, count: int, kill: Callable[[], Family]) -> Iterator[Family]:
    """Kill when so many measurements are kept; yields the processes that must go then."""
    ended, family = threading.Event(), Family()

    def watch() -> None:
        while not ended.wait(0.005):
            if (
                list(results.glob("quick_testbed/*/journal.jsonl"))
                and len(records(results)) >= count
            ):
                family.extend(kill())
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield family
    finally:
        ended.set()
        thread.join()


def descendants() -> Family:
    return psutil.Process().children(recursive=True)


def kill_one(program: str, role: str) -> Callable[[], Family]:
    """SIGKILL to a program of a role; it and all others that this process has started must go."""
    before = descendants()

    def kill() -> Family:
        family = [p for p in descendants() if p not in before]
        (one,) = [p for p in family if program in words_of(p) and _role(p) == role]
        one.kill()
        return family

    return kill


def _role(process: psutil.Process) -> str:
    """By the order of a host's server; of an agent by its board, unless it is a shell's line."""
    if "hosts.ssh_server" in words_of(process):
        return json.loads(process.cmdline()[-1])["role"]
    return Path(process.environ().get("DYNASPLIT_BOARD", "/")).parent.name


AGENT, SERVER = "hosts.agents.agent", "hosts.ssh_server"
AGENT_SAID = (
    "Error: edge agent has ended by a signal: it said nothing; the same command begins another "
    "one and goes on"
)
SSH_SAID = (
    r"Error: \S+@127\.0\.0\.1:\d+: the SSH connection has ended, and the (\w+ agent|meter 'board') "
    "with it; when the host is back, the same command goes on"
)
NOT_KNOWN = (
    r"Not put back: edge host \S+: the SSH connection to it has ended; whether the agent put the "
    "knobs back is not known. What they were is on record on the host, and the next run there "
    "puts them back"
)


@pytest.mark.fault(
    group="agents",
    fault="an agent that is killed; an emulated host that is killed",
    seen=(
        "one message, exit code 1: `edge agent has ended by a signal: ...`, `the SSH "
        "connection has ended, and the ...`"
    ),
    kept=(
        "all finished measurements; nothing is left running, and the same command gives what "
        "an undisturbed run gives"
    ),
)
def test_an_agent_s_and_an_emulated_host_s_death_end_the_run_and_cost_nothing(
    tmp_path, temporary, whole
):
    """One after the other beneath the same run."""
    command = (*WORDS, f"results_dir={tmp_path}")
    deaths = (
        (AGENT, "edge", 3, AGENT_SAID + "\n"),
        (SERVER, "cloud", 5, SSH_SAID + "\n"),
    )
    for program, role, count, says in deaths:
        with dying(tmp_path, count, kill_one(program, role)) as family:
            ended = command_line(*command)
        assert len(family) >= 6
        assert left(family, 10) == []
        assert list(temporary.iterdir()) == []
        assert ended.returncode == 1
        assert re.fullmatch(says, ended.stderr)
        assert records(whole)[:count] == records(tmp_path)[:count]
        assert len(records(tmp_path)) < 9

    again = command_line(*command)
    assert (again.returncode, again.stderr) == (0, "")
    assert records(tmp_path) == records(whole)
    assert front(tmp_path) == front(whole)


@needs_openssh
@pytest.mark.fault(
    group="link",
    fault="a host's SSH server that is killed with its connections",
    seen=(
        "`the SSH connection has ended, and the ...`, and that it is not known whether the "
        "host was put back; exit code 1"
    ),
    kept=(
        "the agent puts its host back by itself; the same command gives what an undisturbed "
        "run gives"
    ),
)
def test_a_real_sshd_s_death_ends_the_run_and_costs_nothing(openssh_hosts, tmp_path, whole):
    edge: OpenSshHost = openssh_hosts["edge"]
    results = tmp_path / "results"
    command = (*WORDS, *named(openssh_hosts), f"results_dir={results}")
    with dying(results, 4, edge.kill) as family:
        ended = command_line(*command)
    assert ended.returncode == 1
    assert re.fullmatch(f"{SSH_SAID}\n{NOT_KNOWN}\n", ended.stderr)
    assert left(family, 10) == []
    assert edge.file("scaling_governor").read_text().strip() == "ondemand"
    edge.serve()
    again = command_line(*command)
    assert (again.returncode, again.stderr) == (0, "")
    assert records(results) == records(whole)
    assert front(results) == front(whole)

"""Agents over SSH: who may use a host, and what they say when they end."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from dynasplit.core.errors import (
    AgentEnded,
    HostBusy,
    HostProgramFailed,
    KnobsNotRestored,
    TestbedError,
)
from dynasplit.testbed import agents
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.agents import AgentLink
from dynasplit.testbed.baseline import Baselines
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.lab import Host
from dynasplit.testbed.last_words import LastWords
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.programs import push_programs
from dynasplit.testbed.ssh import SshTestbed
from hosts.wire import messages

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def edge():
    given = HostAddress(knobs=("cpu_mhz", "edge_accelerator")), HostAddress()
    with loopback_hosts(*given, profile="quick") as both:
        yield replace(both[0], outlasts_run=True)  # the board is there for all of these tests


@pytest.fixture
def host(edge):
    connection = HostConnection(edge)
    yield connection
    connection.close()


def folder_of(host: HostConnection) -> Path:
    """The private folder of the host: its state, its board's files."""
    return Path(host.address.key_file).parent / "edge"


def agent(host: HostConnection, log: Path, who: str = "") -> AgentLink:
    identity = make_credentials("edge")["edge"]
    order = messages.StartOrder(
        role="edge",
        knobs=host.address.knobs,
        key_pem=identity.key_pem,
        certificate_pem=identity.certificate_pem,
        authority_pem=identity.authority_pem,
        controller=who,
    )
    return AgentLink(host, push_programs(host), order, identity, log)


def set_mhz(link: AgentLink, mhz: int) -> None:
    order = messages.KnobsOrder(knobs={"cpu_mhz": mhz})
    link.call("Knobs", order, messages.KnobsSet, 10.0)


def shown(host: HostConnection, name: str) -> str:
    policy = folder_of(host) / "root/sys/devices/system/cpu/cpufreq/policy0"
    return (policy / name).read_text().strip()


def test_a_lease_is_taken_once_and_who_is_refused_touches_nothing(host, tmp_path):
    first = agent(host, tmp_path / "log", "ann@desk, process 7")
    set_mhz(first, 600)
    with pytest.raises(HostBusy, match=r"edge host .*host busy: ann@desk, process 7 .* since 20"):
        agent(host, tmp_path / "other", "bob@desk, process 8")
    assert shown(host, "scaling_cur_freq") == "600000"
    set_mhz(first, 1400)
    first.close()
    assert shown(host, "scaling_governor") == "ondemand"
    agent(host, tmp_path / "other", "bob@desk, process 8").close()


@pytest.mark.fault(
    group="hosts",
    fault="a host that an earlier run has left changed",
    seen="nothing: the next run puts it back first",
    kept="the state before the first change, on the host",
)
def test_the_lease_of_a_dead_agent_is_free_and_its_knobs_are_put_back(host, tmp_path):
    dead = agent(host, tmp_path / "log")
    set_mhz(dead, 600)
    os.kill(dead.started.pid, 9)
    with pytest.raises(AgentEnded, match=r"^edge agent has ended by a signal: .* the same command"):
        set_mhz(dead, 600)
    with pytest.raises(KnobsNotRestored, match="the next run there puts them back"):
        dead.close()
    again = agent(host, tmp_path / "log")
    assert again.started.restored
    assert shown(host, "scaling_governor") == "ondemand"
    again.close()


def _full_disk(link: AgentLink, _policy: Path) -> Callable[[], None]:
    """No file of the agent can grow."""
    process = psutil.Process(link.started.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, before[1]))
    return lambda: process.rlimit(psutil.RLIMIT_FSIZE, before)


def _file_gone(_link: AgentLink, policy: Path) -> Callable[[], None]:
    gone, away = policy / "scaling_available_governors", policy / "away"
    gone.rename(away)
    return lambda: away.rename(gone)


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (_full_disk, "edge host: OSError: [Errno 27] File too large"),
        (_file_gone, "scaling_available_governors"),
    ],
)
@pytest.mark.fault(
    group="hosts",
    fault="no room in a host's state folder; a file of sysfs gone",
    seen="its class and words, `edge host: OSError: [Errno 27] File too large`",
    kept="the host's settings: what cannot be recorded is not changed",
)
def test_a_host_s_own_trouble_is_told_and_its_agent_goes_on(host, tmp_path, breaks, says):
    link, folder = agent(host, tmp_path / "log"), folder_of(host)
    mend = breaks(link, folder / "root/sys/devices/system/cpu/cpufreq/policy0")
    try:
        with pytest.raises(TestbedError, match=re.escape(says)) as told:
            set_mhz(link, 600)
        assert "\n" not in str(told.value)
        assert shown(host, "scaling_governor") == "ondemand"
    finally:
        mend()
    set_mhz(link, 600)
    assert shown(host, "scaling_cur_freq") == "600000"
    link.close()
    assert shown(host, "scaling_governor") == "ondemand"
    assert not list((folder / "state").glob("*.json"))


@pytest.mark.fault(
    group="agents",
    fault="settings that an agent which died has left",
    seen="nothing: another agent puts them back when the run ends",
)
def test_another_agent_puts_back_what_one_that_died_has_left(edge, tmp_path):
    host = Host("edge", edge, make_credentials("edge")["edge"], tmp_path)
    host.start_agent()
    state = folder_of(host._connection) / "state/edge.json"
    set_mhz(host.agent, 600)
    assert shown(host._connection, "scaling_cur_freq") == "600000"
    os.kill(host.agent.started.pid, 9)
    with pytest.raises(AgentEnded):
        set_mhz(host.agent, 600)
    assert state.exists()
    host.close()
    assert shown(host._connection, "scaling_governor") == "ondemand"
    assert not state.exists()


def test_a_knob_that_is_not_put_back_is_told_by_the_controller(host, tmp_path):
    record = folder_of(host) / "state/edge.json"
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps({"fan_rpm": {"value": "900"}}))
    link = agent(host, tmp_path / "log")
    set_mhz(link, 600)
    try:
        with pytest.raises(KnobsNotRestored, match=r"edge host .*: fan_rpm: this host knows no"):
            link.close()
        assert shown(host, "scaling_governor") == "ondemand"
        assert list(json.loads(record.read_text())) == ["fan_rpm"]

        record.write_text(json.dumps({"cpu_mhz": {}}))
        with pytest.raises(KnobsNotRestored, match="cpu_mhz: the record of how it was"):
            agent(host, tmp_path / "log")
    finally:
        record.unlink()


@pytest.mark.fault(
    group="agents",
    fault="an agent that says something before it dies",
    seen="its last words, whenever it spoke last",
)
def test_last_words_are_kept_after_a_silence_longer_than_the_channel_s_time_out(host, tmp_path):
    channel = host.start("echo first >&2; sleep 0.5; echo last >&2")
    channel.settimeout(0.1)
    words = LastWords(channel, tmp_path / "log")
    channel.status_event.wait(5)
    assert words.text() == "first / last"
    assert (tmp_path / "log").read_text() == "first\nlast\n"


@pytest.mark.fault(
    group="agents",
    fault="an agent that cannot start",
    seen="why: `HostError: ...` or another class and its words",
)
def test_an_agent_that_cannot_start_says_why(host, tmp_path):
    lease = folder_of(host) / "state/edge.lease"
    lease.parent.mkdir(exist_ok=True)
    lease.unlink(missing_ok=True)
    lease.symlink_to(folder_of(host))
    with pytest.raises(HostProgramFailed, match=r"HostError: .*edge.lease cannot be written"):
        agent(host, tmp_path / "log")
    lease.unlink()
    board, away = folder_of(host) / "board.sock", folder_of(host) / "away"
    board.rename(away)
    try:
        with pytest.raises(HostProgramFailed, match="BoardError: no emulated board answers"):
            agent(host, tmp_path / "log")
    finally:
        away.rename(board)


@pytest.mark.fault(
    group="agents",
    fault="an agent that is killed before it has started",
    seen="`did not start on`, and `it was ended by a signal`",
)
def test_an_agent_that_is_killed_before_it_has_started_says_so(host, tmp_path, monkeypatch):
    monkeypatch.setattr(agents, "python_of", lambda *_: "kill -9 $$;")
    with pytest.raises(
        AgentEnded, match=r"edge agent did not start on .*: it was ended by a signal"
    ):
        agent(host, tmp_path / "log")


def test_a_traceback_is_for_the_log_alone(host, tmp_path):
    channel = host.start(
        f"cd {push_programs(host)} && {host.address.python} -c "
        "'from hosts.agents import agent; agent._failed(ValueError(\"one\\ntwo\"))'"
    )
    words = LastWords(channel, tmp_path / "log")
    channel.status_event.wait(agents._END_S)
    assert words.text() == "ValueError: one two"
    assert "| ValueError: one" in (tmp_path / "log").read_text()


def test_knobs_that_an_earlier_run_left_are_told():
    def host(role: str, restored: bool) -> SimpleNamespace:
        started = SimpleNamespace(restored=restored)
        return SimpleNamespace(role=role, agent=SimpleNamespace(started=started))

    testbed = object.__new__(SshTestbed)
    testbed.edge, testbed.cloud = host("edge", True), host("cloud", False)
    testbed.baselines = Baselines(EnergyRules(), GateRules())
    assert testbed.remarks == [
        "edge host: an earlier run had left knobs changed; they were put back first"
    ]

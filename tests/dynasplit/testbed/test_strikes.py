"""Programs of emulated hosts that end at a board time, and a disk that is full from then on."""

import contextlib
import json
from pathlib import Path

import pytest

from dynasplit.core.errors import AgentEnded, ConnectionLost, HostProgramFailed, WindowInvalid
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.agents import AgentLink
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import make_credentials
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.meter import MeterStream
from dynasplit.testbed.programs import push_programs
from hosts.wire import messages

pytestmark = pytest.mark.medium

AFTER_S = 10


class Struck:
    """The edge of two hosts with a fault: its agent and its meter."""

    def __init__(self, connection: HostConnection, log: Path) -> None:
        identity = make_credentials("edge")["edge"]
        programs = push_programs(connection)
        order = messages.StartOrder(
            role="edge",
            knobs=("cpu_mhz",),
            key_pem=identity.key_pem,
            certificate_pem=identity.certificate_pem,
            authority_pem=identity.authority_pem,
        )
        self.agent = AgentLink(connection, programs, order, identity, log)
        self.meter = MeterStream(connection, MeterSpec("board"), programs)
        self.state = Path(connection.address.key_file).parent / "edge" / "state"

    def idle(self, run: str, duration_s: float) -> messages.Idled:
        order = messages.IdleOrder(run=run, duration_s=duration_s)
        return self.agent.call("Idle", order, messages.Idled, 20.0)

    def set_mhz(self, mhz: int) -> None:
        order = messages.KnobsOrder(knobs={"cpu_mhz": mhz})
        self.agent.call("Knobs", order, messages.KnobsSet, 10.0)


@contextlib.contextmanager
def struck(log: Path, **fault):
    with (
        loopback_hosts(HostAddress(), HostAddress(), profile="quick", faults=[fault]) as both,
        contextlib.closing(HostConnection(both[0])) as connection,
    ):
        host = Struck(connection, log)
        try:
            yield host
        finally:
            host.meter.close()
            with contextlib.suppress(Exception):
                host.agent.close()


@pytest.mark.parametrize(
    ("victim", "error"),
    [
        ("agent", AgentEnded),
        ("board", HostProgramFailed),
        ("sshd", ConnectionLost),
    ],
)
def test_a_program_lives_until_its_time_and_not_longer(victim, error, tmp_path):
    fault = {"fault": f"dead_{victim}", "host": "edge", "after_s": AFTER_S}
    with struck(tmp_path / "log", **fault) as host:
        idled = host.idle("before", AFTER_S / 2)
        host.meter.trace("wall", idled.start_ns, idled.end_ns - 200_000_000, 5.0)
        with pytest.raises(error):
            host.idle("then", AFTER_S)


def test_a_dead_meter_ends_again_and_again(tmp_path):
    with struck(tmp_path / "log", fault="dead_meter", host="edge", after_s=AFTER_S) as host:
        host.idle("before", AFTER_S / 2)
        idled = host.idle("then", AFTER_S)
        for _ in range(2):
            with pytest.raises(WindowInvalid, match="did not cover the window: it has ended"):
                host.meter.trace("wall", idled.start_ns, idled.end_ns, 5.0)
            host.meter.make_ready()


def test_a_full_disk_keeps_a_knob_from_being_set(tmp_path):
    with struck(tmp_path / "log", fault="full_disk", host="edge") as host:
        host.idle("first", 1)
        with pytest.raises(HostProgramFailed, match="No space left on device"):
            host.set_mhz(600)
        assert not (host.state / "edge.json").exists()


def test_a_disk_that_is_full_for_a_time_has_room_again(tmp_path):
    with struck(tmp_path / "log", fault="full_disk", host="edge", for_s=3) as host:
        host.idle("first", 5)
        host.set_mhz(600)
        assert "cpu_mhz" in json.loads((host.state / "edge.json").read_text())

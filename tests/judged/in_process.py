"""A testbed of two emulated boards in this process, ordered without SSH between."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dynasplit.core.errors import HostNotReady, HostProgramFailed
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.agents import _KINDS
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.host_meters import HostMeters
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.meter import MeterStream, _Series
from dynasplit.testbed.meter_clock import OneClock
from dynasplit.testbed.quality import Qualities
from dynasplit.testbed.ssh import SshTestbed
from hosts.codecs import Tensor
from hosts.core.errors import BoardError, WireError
from hosts.emulation import calls
from hosts.emulation.board_server import BoardServer
from hosts.emulation.profile import Profile
from hosts.machine.facts import host_facts
from hosts.wire import messages
from hosts.wire.packed import PackedReport, unpack
from hosts.wire.readings import Channel, MeterHeader, read_reading, reading_line
from hosts.wire.refusals import refusal
from hosts.wire.window_rules import WindowRules
from tests.boards import KNOBS, Boards, two_boards
from tests.system.test_emulated_figures import Tails

_PATIENCE_S = 60.0
_RULES, _ENERGY = WindowRules(), EnergyRules()


class DirectAgent:
    """An agent whose methods are called, with errors as its link would tell them."""

    def __init__(self, role: str, agent) -> None:
        self.role, self._methods = role, agent.methods()
        facts = host_facts(agent.machine)
        self.started = messages.Started(
            control_port=0, tensor_port=0, pid=0, facts=facts, restored=False
        )

    def call(self, name: str, message, kind, timeout_s: float):
        try:
            return self._methods[name][1](message)
        except Exception as error:
            told = refusal(error)
            usual = HostNotReady if told.transient else HostProgramFailed
            raise _KINDS.get(told.kind, usual)(f"{self.role} host: {told.message}") from error

    def report(self, order, timeout_s: float):
        return unpack(self.call("Run", order, PackedReport, timeout_s))

    def check_lives(self) -> None:
        """It cannot die without this process."""


class BoardStream(MeterStream):
    """A board's meter, read as its program reads it; all that is complete is there at once."""

    def __init__(self, role: str, server: BoardServer) -> None:
        self._server, self._name, self._loop = server, f"meter 'board' on {role}", None
        self._clock = OneClock()
        self._fresh = threading.Condition()
        self._starts_in_vain, self._failure = 0, None
        self.header = self._start()
        self.channels = tuple(channel.name for channel in self.header.channels)
        self._collect_from_now()

    def _start(self) -> MeterHeader:
        facts, meter = self._server._facts(), self._server.meter.meter
        return MeterHeader(
            meter="board",
            identity=str(facts["meter"]),
            channels=(Channel(domain=str(facts["meter_domain"])),),
            period_s=meter.period_s,
            error_pct=float(str(facts["meter_error_pct"])),
            averaging_s=meter.period_s,
            emulated=True,
        )

    def _collect_from_now(self) -> None:
        self._series = {name: _Series() for name in self.channels}
        self._failure, self._taken = None, 0

    def _check_connected(self) -> None:
        """Nothing is between."""

    def close(self) -> None:
        """It has no process."""

    def trace(self, channel, start_ns, end_ns, timeout_s):
        self._take()
        return super().trace(channel, start_ns, end_ns, 0.0)

    def readings(self, channel, from_ns, end_ns, zero_ns):
        self._take()
        return super().readings(channel, from_ns, end_ns, zero_ns)

    def _take(self) -> None:
        if self._failure is not None:
            return
        loop = self._server._server.get_loop()
        fresh = asyncio.run_coroutine_threadsafe(self._complete(), loop)
        (name,) = self.channels
        try:
            for time_ns, watts in fresh.result(_PATIENCE_S):
                at_ns, values = read_reading(reading_line(time_ns, (watts,)))
                self._series[name].add(at_ns, values[0])
                self._taken += 1
        except (BoardError, WireError) as error:
            self._failure = f"it has ended: {error}"

    async def _complete(self) -> list[tuple[int, float]]:
        """What the board answers, without waiting for more."""
        server, call = self._server, calls.Readings(first=self._taken)
        answer = calls.Answer(readings=await server._complete(self._taken))
        if server.board.faults:
            server._strikes.strike(server.board.history.now_ns, call, None)
        if server._clocks:
            server._clocks.told(call, answer)
        return answer.readings


@dataclass
class DirectHost:
    """A host as the testbed knows it."""

    role: str
    agent: DirectAgent
    meters: HostMeters
    address: HostAddress = field(default_factory=HostAddress)
    is_emulated: bool = True

    def hold_compiled(self, split_point: int, mode: str) -> None:
        """A board needs none."""


class SizedHeads:
    """Heads whose tensors have the sizes that the profile says; the board times them."""

    load_ms = None

    def __init__(self, profile: Profile, network: str) -> None:
        self._profile, self._network = profile, network

    def run_batch(self, split_point, images):
        bytes_each = round(1024 * self._profile.split(self._network, split_point).tensor_kb)
        return Tensor(np.zeros((len(images), max(10, bytes_each // 4)), np.float32))


@contextlib.contextmanager
def opened(
    profile: Profile,
    network: str = "vgg16",
    *,
    seed: int = 0,
    faults: Sequence = (),
    rules: WindowRules = _RULES,
    energy: EnergyRules = _ENERGY,
    gates: GateRules = GateRules(),
) -> Iterator[tuple[SshTestbed, Boards]]:
    """A testbed, its baselines measured, and the boards below it."""
    last = profile.networks[network].last_split_point
    with two_boards(profile, seed, faults) as boards:
        boards.load(SizedHeads(profile, network), Tails(), np.zeros((1, 10), np.float32), last)
        agents = {"edge": boards.edge, "cloud": boards.cloud}
        edge, cloud = (
            DirectHost(
                role,
                DirectAgent(role, agents[role]),
                HostMeters(role, [BoardStream(role, boards.servers[role])]),
                HostAddress(knobs=KNOBS[role]),
            )
            for role in ("edge", "cloud")
        )
        testbed = SshTestbed(
            edge, cloud, network, last, rules, energy, Qualities([0], None), None, gates
        )
        testbed.measure_baseline()
        yield testbed, boards

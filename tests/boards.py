"""Emulated boards in this process, asked over their real sockets."""

import asyncio
import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from hosts.agents.agent import Agent
from hosts.agents.cloud import CloudAgent
from hosts.agents.edge import EdgeAgent
from hosts.agents.streaming import TailStream
from hosts.emulation.board_server import BoardServer
from hosts.emulation.client import BOARD_VARIABLE, ROOT_VARIABLE, BoardClient
from hosts.emulation.machine import EmulatedMachine
from hosts.emulation.profile import Profile, load_profile
from hosts.machine.state_folder import STATE_VARIABLE
from hosts.wire.messages import StartOrder

KNOBS = {"edge": ("cpu_mhz", "edge_accelerator"), "cloud": ("cloud_gpu",)}
"""What boards have."""


def variables(folder: Path) -> dict[str, str]:
    """What programs on the host of a board need."""
    return {
        BOARD_VARIABLE: str(folder / "board.sock"),
        ROOT_VARIABLE: str(folder / "root"),
        STATE_VARIABLE: str(folder / "state"),
    }


@contextlib.contextmanager
def serving(
    profile: Profile, role: str, folder: Path, seed: int = 0, faults: Sequence = ()
) -> Iterator[BoardServer]:
    """A board that serves from a thread."""
    server = BoardServer(profile, role, folder / "root", seed, faults=faults)
    loop = asyncio.new_event_loop()
    task = loop.create_task(server.serve(folder / "board.sock"))
    thread = threading.Thread(target=_serve, args=(loop, task))
    thread.start()
    try:
        while not _answers(folder / "board.sock"):
            assert not task.done(), task.exception()
            time.sleep(0.001)
        yield server
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def _answers(path: Path) -> bool:
    """Its file is there a moment before the board listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        return trial.connect_ex(str(path)) == 0


def _serve(loop: asyncio.AbstractEventLoop, task: asyncio.Task) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    for left in asyncio.all_tasks(loop):
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(left)
    loop.close()


@contextlib.contextmanager
def on_board(role: str) -> Iterator[BoardServer]:
    """This process as a program on the emulated host of a board."""
    # the paths of sockets must be short
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        folder = Path(name)
        with (
            serving(load_profile("pi4_coral_v100"), role, folder) as server,
            mock.patch.dict(os.environ, variables(folder)),
        ):
            yield server


class Results:
    """The results of an exchange, as gRPC gives them."""

    def __init__(self, results: Iterator[bytes]) -> None:
        self._results = results

    def __next__(self) -> bytes:
        return next(self._results)

    def cancel(self) -> None:
        raise AssertionError("nothing is called off here")


class NoNetwork:
    """A channel that hands frames to the cloud's agent, without gRPC between them."""

    def __init__(self, cloud: CloudAgent) -> None:
        self.cloud = cloud

    def stream_stream(self, _method: str):
        return lambda frames: Results(self.cloud.exchange(frames))

    def close(self) -> None:
        """Nothing is open."""


class Boards:
    """Two boards of a profile with their agents, connected but for the network.

    Attributes:
        servers: by role, with their boards and meters. edge, cloud: the agents.
    """

    def __init__(self, servers: dict[str, BoardServer]) -> None:
        self.servers = servers
        self.edge, self.cloud = (_agent(role, servers[role]) for role in ("edge", "cloud"))
        assert isinstance(self.edge.part, EdgeAgent)
        assert isinstance(self.cloud.part, CloudAgent)
        self.edge.part.stream = TailStream(NoNetwork(self.cloud.part))

    def load(self, heads, tails, images, last_split_point: int) -> None:
        part = self.edge.part
        part.heads, part.images, part.last_split_point = heads, images, last_split_point
        self.cloud.part.tails = tails

    def close(self) -> None:
        self.edge.part.stream.close()
        for agent in (self.edge, self.cloud):
            assert isinstance(agent.machine, EmulatedMachine)
            agent.machine._board.close()


def _agent(role: str, server: BoardServer) -> Agent:
    told = variables(server.root.parent)
    with mock.patch.dict(os.environ, told):
        machine = EmulatedMachine(BoardClient(told[BOARD_VARIABLE]))
        no_keys = {"key_pem": "", "certificate_pem": "", "authority_pem": ""}
        order = StartOrder(role=role, knobs=KNOBS[role], **no_keys)
        return Agent(order, machine)


@contextlib.contextmanager
def two_boards(profile: Profile, seed: int = 0, faults: Sequence = ()) -> Iterator[Boards]:
    """Both boards of a profile, their agents with all their knobs."""
    with contextlib.ExitStack() as stack:
        # the paths of sockets must be short
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="t-")))
        servers = {}
        for role in ("edge", "cloud"):
            (folder / role).mkdir()
            servers[role] = stack.enter_context(serving(profile, role, folder / role, seed, faults))
        boards = Boards(servers)
        stack.callback(boards.close)
        yield boards

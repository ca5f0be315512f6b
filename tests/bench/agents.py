"""Two real agents in processes of their own, over loopback under mutual TLS; no SSH between."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import psutil

from dynasplit.testbed.credentials import Credentials, make_credentials
from hosts.models.prepared.manifest import Manifest
from hosts.wire import files, messages, packed, rpc
from tests.orders import run_order

ROOT = Path(__file__).resolve().parents[2]
CALL_S = 600.0


class AgentProcess:
    """One agent.

    Attributes:
        started: what it said of itself. process: its process.
    """

    def __init__(self, role: str, identity: Credentials, folder: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "hosts.agents.agent"],
            cwd=folder,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "DYNASPLIT_STATE": str(folder),
                "TF_CPP_MIN_LOG_LEVEL": "2",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / f"{role}.log").open("wb"),
        )
        pems = (identity.key_pem, identity.certificate_pem, identity.authority_pem)
        order = messages.StartOrder(
            role=role,
            knobs=(),
            key_pem=pems[0],
            certificate_pem=pems[1],
            authority_pem=pems[2],
        )
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(msgspec.json.encode(order) + b"\n")
        self._program.stdin.flush()
        line = self._program.stdout.readline()
        self.started = msgspec.json.decode(line, type=messages.Started)
        self.process = psutil.Process(self.started.pid)
        self._ended = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()
        self._channel = rpc.channel(f"127.0.0.1:{self.started.control_port}", role, *pems)

    def call(self, name: str, message: messages.Message, kind: type) -> messages.Message:
        """Call a method of the agent."""
        return rpc.call(self._channel, name, message, kind, CALL_S)

    def hold_to(self, cores: set[int]) -> None:
        """Let all its threads run on these cores only."""
        for thread in self.process.threads():
            os.sched_setaffinity(thread.id, cores)

    @property
    def memory_mb(self) -> float:
        """Resident memory."""
        return self.process.memory_info().rss / 2**20

    @property
    def has_tensorflow(self) -> bool:
        """Whether TensorFlow's libraries are mapped."""
        return any("tensorflow" in m.path for m in self.process.memory_maps())

    def close(self) -> None:
        """End it by closing its channel."""
        self._ended.set()
        self._channel.close()
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.close()
        try:
            self._program.wait(20)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._program.stdout.close()

    def _beat(self) -> None:
        assert self._program.stdin
        with contextlib.suppress(OSError, ValueError):
            while not self._ended.wait(10):
                self._program.stdin.write(b"\n")
                self._program.stdin.flush()


class Pair:
    """An edge and a cloud agent, connected.

    Attributes:
        edge: the one. cloud: the other. network: that is loaded.
    """

    def __init__(self, edge: AgentProcess, cloud: AgentProcess) -> None:
        self.edge, self.cloud = edge, cloud
        port = cloud.started.tensor_port
        assert port is not None
        edge.call(
            "Connect", messages.ConnectOrder(address="127.0.0.1", port=port), messages.Message
        )
        self.network = ""

    def load(self, manifest: Manifest, paths: Mapping[str, str] | None = None) -> None:
        """Load a network on both."""
        found = {n: a.path for n, a in manifest.artifacts.items()} | dict(paths or {})
        order = files.LoadOrder(manifest=msgspec.json.encode(manifest), paths=found)
        for agent in (self.edge, self.cloud):
            agent.call("Load", order, files.Loaded)
        self.network = manifest.network

    def run(self, split_point: int, inferences: int, **more: object) -> messages.RunReport:
        """Run a window."""
        fields: dict[str, object] = {
            "run": "bench",
            "network": self.network,
            "split_point": split_point,
            "edge_accelerator": "off",
            "cloud_gpu": False,
            "knobs": {},
            "images": (0, 1, 2, 3),
            "warmup": 1,
            "min_inferences": inferences,
            "min_window_s": 0.0,
            "lead_out_s": 0.0,
        }
        order = run_order(**(fields | more))
        report = self.edge.call("Run", order, packed.PackedReport)
        assert isinstance(report, packed.PackedReport)
        return packed.unpack(report)


@contextlib.contextmanager
def pair_of_agents() -> Iterator[Pair]:
    """Both agents, ended at the end."""
    identities = make_credentials("edge", "cloud")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        agents = []
        for role in ("edge", "cloud"):
            agents.append(AgentProcess(role, identities[role], Path(folder)))
            stack.callback(agents[-1].close)
        yield Pair(*agents)

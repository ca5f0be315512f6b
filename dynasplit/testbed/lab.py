"""The two hosts made ready: programs pushed, agents and meters started, a network loaded."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from dynasplit.core.errors import (
    ConfigurationError,
    ConnectionLost,
    HostUnreachable,
    KnobsNotRestored,
    LinkLost,
    TestbedError,
)
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.agents import AgentLink
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import Credentials, make_credentials
from dynasplit.testbed.host_meters import HostMeters
from dynasplit.testbed.in_use import check_free, who_asks
from dynasplit.testbed.meter import MeterStream
from dynasplit.testbed.meter_places import MeterPlaces, Place
from dynasplit.testbed.programs import push_programs
from hosts.models.prepared.manifest import Manifest, parts
from hosts.wire import files as network_files
from hosts.wire import messages

CompileHead = Callable[[int], tuple[Path, str]]
"""A split point's head, compiled for the accelerator: its path here, and its sha256."""

LOAD_S, _LINK_S = 300.0, 10.0
LINK_ADVICE = (
    "name the address by which the edge reaches the cloud in hosts.cloud.link_address; let a "
    "firewall between them pass a port, and name it in hosts.cloud.link_port"
)


class Host:
    """One host with its agent and its meters.

    It may be closed at any time, also while it is being made ready, which then fails.

    Attributes:
        role: edge or cloud. agent: its agent. meters: its meters' readings.
        link_address: its address in the network between edge and cloud.
        compile_head: makes heads for the edge's accelerator; None: they cannot be made.
    """

    agent: AgentLink
    meters: HostMeters
    link_address: str

    def __init__(self, role: str, address: HostAddress, identity: Credentials, logs: Path) -> None:
        self.role = role
        self.address = address
        self.compile_head: CompileHead | None = None
        self._identity, self._logs = identity, logs
        self._compiled: set[int] = set()
        self._open = contextlib.ExitStack()
        self._keeping, self._is_closed = threading.Lock(), False

    def make_ready(self, manifest: bytes, artifacts: Mapping[str, tuple[Path, str]]) -> None:
        """Log in, start the agent, then the meters while the network is loaded; see `load`.

        Raises:
            TestbedError: what failed first, at once; what else goes on ends when this is closed.
        """
        self.start_agent()
        pool = ThreadPoolExecutor(2)
        try:
            _first_error(
                (pool.submit(self.start_meters), pool.submit(self.load, manifest, artifacts))
            )
        finally:
            pool.shutdown(wait=False)

    def start_agent(self) -> None:
        """Log in, push the programs, start the agent; a host in use is refused before."""
        self._connection = HostConnection(self.address)
        self._keep(self._connection.close)
        check_free(self._connection, self.role)
        self.link_address = self.address.link_address or self._connection.destination.host
        self._programs = push_programs(self._connection)
        order = messages.StartOrder(
            role=self.role,
            knobs=self.address.knobs,
            listen=self.link_address,
            listen_port=self.address.link_port,
            key_pem=self._identity.key_pem,
            certificate_pem=self._identity.certificate_pem,
            authority_pem=self._identity.authority_pem,
            cpus=self.address.cpus,
            controller=who_asks(),
            runtime=self.address.runtime,
            tf32=self.address.tf32,
        )
        log = self._logs / f"{self.role}.log"
        self._start_agent: Callable[[], AgentLink] = partial(
            AgentLink, self._connection, self._programs, order, self._identity, log
        )
        self.agent = self._start_agent()
        self._keep(self._leave_agent)

    def start_meters(self) -> None:
        """Start the meters' programs, all at once.

        The agent is there before: where another run has the host, its meters are left alone.
        """
        places = MeterPlaces(
            self._connection, self._programs, self._open, emulated=self.is_emulated
        )
        found = [(spec, places.of(spec)) for spec in self.address.meters]
        with ThreadPoolExecutor(max(1, len(found))) as pool:
            streams = list(pool.map(self._stream, found))
        self.meters = HostMeters(f"{self.role} host {self.address}", streams)
        if self.address.uses_gpu:
            self.meters.check_sees_gpu()

    def _stream(self, at: tuple[MeterSpec, Place]) -> MeterStream:
        spec, place = at
        log = self._logs / f"{self.role}_{spec.name}.log"
        stream = MeterStream(place.machine, spec, place.programs, log, place.clock)
        self._keep(stream.close)
        return stream

    def _keep(self, close: Callable[[], None]) -> None:
        """Have what was opened closed with the host, which may have happened meanwhile."""
        with self._keeping:
            if not self._is_closed:
                self._open.callback(close)
                return
        close()
        raise ConnectionLost(f"{self.role} host {self.address} was left while it was made ready")

    def _leave_agent(self) -> None:
        """End the agent; where it has died, another one puts back what it has left."""
        try:
            self.agent.close()
        except KnobsNotRestored:
            if not self.agent.has_died:
                raise
            with contextlib.suppress(TestbedError):
                self._start_agent().close()
                return
            raise

    @property
    def is_emulated(self) -> bool:
        """True if an emulated board stands behind the host, as the host itself says."""
        return bool(self.agent.started.facts.get("emulated"))

    def hold_compiled(self, split_point: int, mode: str) -> None:
        """Let the edge hold the compiled head of a split point, if it needs one in this mode.

        An emulated board needs none: it times the head that the CPU runs.

        Raises:
            ConfigurationError: heads cannot be compiled for this testbed.
        """
        if mode == "off" or self.is_emulated or split_point in self._compiled:
            return
        if self.compile_head is None:
            raise ConfigurationError(
                f"edge_accelerator={mode} asked; this testbed compiles no heads for it"
            )
        path, sha256 = self.compile_head(split_point)
        there = self._hold({"compiled": (path, sha256)})["compiled"]
        order = network_files.CompiledOrder(split_point=split_point, path=there)
        self.agent.call("Compiled", order, messages.Message, LOAD_S)
        self._compiled.add(split_point)

    def load(self, manifest: bytes, artifacts: Mapping[str, tuple[Path, str]]) -> None:
        """Load this host's part of a network; files that it does not hold are pushed first.

        Args:
            manifest: the prepared network, as JSON.
            artifacts: name to (path here, sha256).
        """
        paths = self._hold({name: artifacts[name] for name in parts(self.role, artifacts)})
        order = network_files.LoadOrder(manifest=manifest, paths=paths)
        self.agent.call("Load", order, network_files.Loaded, LOAD_S)

    def _hold(self, wanted: Mapping[str, tuple[Path, str]]) -> dict[str, str]:
        """Push the files that the host lacks; returns the path of each on the host."""
        files = {sha256: str(path) for path, sha256 in wanted.values()}
        ask = network_files.FindOrder(files=files)
        found = self.agent.call("Find", ask, network_files.Found, LOAD_S)
        missing = [a for a in wanted.values() if found.paths[a[1]] is None]
        for path, sha256 in missing:
            self._connection.put(path, f"{found.folder}/{sha256}{path.suffix}")
        if missing:
            found = self.agent.call("Find", ask, network_files.Found, LOAD_S)
        paths = {}
        for name, (path, sha256) in wanted.items():
            there = found.paths[sha256]
            if there is None:
                raise TestbedError(
                    f"{path} was pushed to the {self.role} host, where its content is another "
                    "one than when it was made; delete it here to make it anew"
                )
            paths[name] = there
        return paths

    def close(self) -> None:
        """Stop the meters and the agent, which puts the knobs back; hang up.

        Raises:
            KnobsNotRestored: the knobs are not known to be what they were.
        """
        with self._keeping:
            self._is_closed = True
        self._open.close()


@contextlib.contextmanager
def open_hosts(
    edge: HostAddress,
    cloud: HostAddress,
    manifest: Manifest,
    manifest_json: bytes,
    logs: Path,
    *,
    tries_link: bool = True,
) -> Iterator[tuple[Host, Host]]:
    """Make both hosts ready at the same time, and connect the edge to the cloud.

    Args:
        edge: where the edge is, with its knobs and meters.
        cloud: likewise.
        manifest: of the prepared network.
        manifest_json: the same as text.
        logs: the folder of the agents' logs.
        tries_link: the cloud must answer the edge at its tensor port.

    Raises:
        TestbedError: a host cannot be reached, or a program does not start; or at the end, a
            host is not known to be put back. Beside another error that is a note to it.
    """
    identities = make_credentials("edge", "cloud")
    artifacts = {
        name: (Path(artifact.path), artifact.sha256)
        for name, artifact in manifest.artifacts.items()
    }
    hosts = {
        role: Host(role, address, identities[role], logs)
        for role, address in (("edge", edge), ("cloud", cloud))
    }
    pool = ThreadPoolExecutor(2)
    try:
        _first_error([pool.submit(h.make_ready, manifest_json, artifacts) for h in hosts.values()])
        port = hosts["cloud"].agent.started.tensor_port
        if port is None:
            raise ConfigurationError("the cloud agent has no tensor port")
        _connect(hosts["edge"], hosts["cloud"].link_address, port, tries=tries_link)
        yield hosts["edge"], hosts["cloud"]
    except BaseException as error:
        for trouble in _put_back(hosts.values()):
            error.add_note(trouble)
        raise
    finally:
        pool.shutdown(wait=False)
    if troubles := _put_back(hosts.values()):
        raise KnobsNotRestored(". ".join(troubles))


def _connect(edge: Host, address: str, port: int, *, tries: bool) -> None:
    """Have the edge connect to the cloud's tensor port.

    Raises:
        HostUnreachable: the cloud does not answer there, though its login does.
    """
    order = messages.ConnectOrder(address=address, port=port, within_s=_LINK_S if tries else None)
    try:
        edge.agent.call("Connect", order, messages.Message, LOAD_S)
    except LinkLost as error:
        raise HostUnreachable(
            f"edge host {edge.address}: it does not reach the cloud's tensor port at {address}, "
            f"port {port}, in {_LINK_S:g} s ({error}); {LINK_ADVICE}"
        ) from error


def _first_error(asked: Sequence[Future[None]]) -> None:
    """Wait for all, or for the first that fails, which is raised."""
    wait(asked, return_when=FIRST_EXCEPTION)
    for one in asked:
        if one.done():
            one.result()


def _put_back(hosts: Iterable[Host]) -> list[str]:
    """Leave the hosts at the same time; returns what is not put back."""
    with ThreadPoolExecutor(2) as pool:
        closing = [pool.submit(host.close) for host in hosts]
    ended = [closed.exception() for closed in closing]
    return [str(error) for error in ended if isinstance(error, KnobsNotRestored)]

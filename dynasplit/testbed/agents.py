"""An agent on a host: started over SSH, reached through SSH, ended by closing its channel."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import grpc
import msgspec
import paramiko

from dynasplit.core.errors import (
    AgentEnded,
    ConnectionLost,
    DynaSplitError,
    HostBusy,
    HostNotReady,
    HostProgramFailed,
    HostUnreachable,
    KnobNotHeld,
    KnobRefused,
    KnobsNotRestored,
    LinkLost,
    MeasurementError,
)
from dynasplit.testbed.connection import NO_CODE, HostConnection
from dynasplit.testbed.credentials import Credentials
from dynasplit.testbed.last_words import LastWords
from dynasplit.testbed.programs import python_of
from hosts.core.errors import WireError
from hosts.wire import messages, rpc
from hosts.wire.exit_codes import BUSY, NOT_RESTORED
from hosts.wire.packed import PackedReport, unpack
from hosts.wire.refusals import PeerError

T = TypeVar("T", bound=messages.Message)

_KINDS: dict[str, type[DynaSplitError]] = {
    "KnobError": KnobRefused,
    "NotHeldError": KnobNotHeld,
    "LinkError": LinkLost,
    "WireError": MeasurementError,
}
"""Of errors on a host; any other is a program's that failed, or that was not ready for it."""
_START_S = 60.0
_HEARTBEAT_S = 10.0
_END_S = 20.0
_MOMENT_S = 1.0
_NOT_RESTORED_WORDS = "knobs not restored"
_PUT_BACK = (0, 1)  # the exit codes of an agent that has put its knobs back


class AgentLink:
    """One running agent.

    Attributes:
        role: edge or cloud. started: what it said of itself.
        has_died: it was found to have ended before it was told to.
    """

    def __init__(
        self,
        host: HostConnection,
        programs: str,
        order: messages.StartOrder,
        credentials: Credentials,
        log: Path,
    ) -> None:
        self.role = order.role
        self.has_died = False
        self._host = host
        self._has_knobs = bool(order.knobs)
        quiet = {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        python = python_of(host.address, programs, quiet)
        self._channel = host.start(f"{python} -m hosts.agents.agent")
        self._words = LastWords(self._channel, log)
        with contextlib.suppress(OSError):  # it has ended already, and says why
            self._channel.sendall(msgspec.json.encode(order) + b"\n")
        self.started = self._read_started()
        self._channel.settimeout(None)
        self._ended = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()
        self._open = contextlib.ExitStack()
        self._caller = ThreadPoolExecutor(1)  # Ctrl-C in the midst of gRPC would leave it locked
        self._open.callback(self._caller.shutdown, wait=False, cancel_futures=True)
        port = self._open.enter_context(host.forward(self.started.control_port))
        self._control = rpc.channel(
            f"127.0.0.1:{port}",
            order.role,
            credentials.key_pem,
            credentials.certificate_pem,
            credentials.authority_pem,
        )
        self._open.callback(self._control.close)
        self._wait_reachable()

    def call(self, name: str, message: messages.Message, kind: type[T], timeout_s: float) -> T:
        """Call a method of the agent.

        Raises:
            KnobRefused, KnobNotHeld, LinkLost, MeasurementError, HostNotReady,
            HostProgramFailed: as told.
            AgentEnded, ConnectionLost: it is no more. HostUnreachable: no answer in time.
        """
        asked = self._caller.submit(rpc.call, self._control, name, message, kind, timeout_s)
        try:
            return asked.result()
        except PeerError as refused:
            raise self._translated(refused) from refused
        except WireError as error:
            raise HostProgramFailed(f"{name} asked of the {self.role} host: {error}") from error
        except grpc.RpcError as error:
            raise self._lost(name, error, timeout_s) from error

    def report(self, order: messages.RunOrder, timeout_s: float) -> messages.RunReport:
        """Have the edge measure a window.

        Raises:
            As `call` does.
        """
        packed = self.call("Run", order, PackedReport, timeout_s)
        try:
            return unpack(packed)
        except WireError as error:
            raise HostProgramFailed(f"Run asked of the {self.role} host: {error}") from error

    def check_lives(self) -> None:
        """Raise what has become of the agent if it is no more.

        Raises:
            AgentEnded: it has ended by itself, or was killed. ConnectionLost: with the connection.
        """
        if not self._channel.exit_status_ready():
            return
        if self._channel.exit_status == NO_CODE:
            self._host.check_lasts(f"the {self.role} agent")
        raise AgentEnded(
            f"{self.role} agent has ended {self._how_it_ended()}: {self._words.text()}; the same "
            "command begins another one and goes on"
        )

    def close(self) -> None:
        """End the agent by closing its channel, and wait until it has put the knobs back.

        Raises:
            KnobsNotRestored: it could not, or is not known to have done so.
        """
        self._ended.set()
        self.has_died = self._channel.exit_status_ready()
        self._control.close()  # first: sshd hangs up on who writes to what an agent has closed
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.shutdown_write()
            self._channel.status_event.wait(_END_S)
        self.has_died = self.has_died or self._died_ending()
        trouble = self._trouble()
        if not self._channel.exit_status_ready():
            self._host.close()  # else what is just being forwarded to a silent host waits on
        with contextlib.suppress(Exception):
            self._open.close()
        self._channel.close()
        if trouble:
            raise KnobsNotRestored(f"{self.role} host {self._host.address}: {trouble}")

    def _died_ending(self) -> bool:
        """True if it has ended without an exit code, by a signal, while its host goes on."""
        if not self._channel.exit_status_ready() or self._channel.exit_status != NO_CODE:
            return False
        self._host.transport.join(_MOMENT_S)  # a channel ends a moment before its connection
        return self._host.transport.is_active()

    def _trouble(self) -> str | None:
        """Why the knobs may not be what they were; None: they are."""
        code = self._channel.exit_status
        if code == NOT_RESTORED:
            return self._words.line(_NOT_RESTORED_WORDS)
        if code in _PUT_BACK or not (self._has_knobs and self._host.address.outlasts_run):
            return None
        if not self._host.transport.is_active():
            ended = "the SSH connection to it has ended"
        elif not self._channel.exit_status_ready():
            ended = f"its agent had not ended after {_END_S:g} s"
        else:
            ended = f"its agent has ended {self._how_it_ended()}: {self._words.text()}"
        return (
            f"{ended}; whether the agent put the knobs back is not known. What they were is on "
            "record on the host, and the next run there puts them back"
        )

    def _how_it_ended(self) -> str:
        code = self._channel.exit_status
        return "by a signal" if code == NO_CODE else f"with exit code {code}"

    def _translated(self, refused: PeerError) -> DynaSplitError:
        kind = _KINDS.get(refused.kind, HostNotReady if refused.transient else HostProgramFailed)
        return kind(f"{self.role} host: {refused}")

    def _lost(self, name: str, error: grpc.RpcError, timeout_s: float) -> DynaSplitError:
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            self._channel.status_event.wait(_MOMENT_S)  # its end is told a little later
        try:
            self.check_lives()
        except (AgentEnded, ConnectionLost) as ended:
            return ended
        if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return HostProgramFailed(f"{self.role} agent's answer to {name}: {error.details()}")
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return HostUnreachable(f"{self.role} agent did not answer {name} in {timeout_s:.0f} s")
        details = str(error.details())
        if "ping timeout" in details or "keepalive watchdog" in details:
            details = f"it has been silent for {rpc.SILENCE_S:g} s"
        return HostUnreachable(f"{self.role} agent cannot be reached: {details}")

    def _read_started(self) -> messages.Started:
        self._channel.settimeout(_START_S)
        try:
            line = self._channel.makefile("rb").readline()
        except TimeoutError as error:
            raise HostProgramFailed(f"{self.role} agent did not start in {_START_S} s") from error
        if not line:
            self._channel.status_event.wait(_END_S)
            self._refuse_known()
            told = f"{self.role} agent did not start on {self._host.address}"
            if self._channel.exit_status == NO_CODE:
                self._host.check_lasts(f"the {self.role} agent")
                raise AgentEnded(f"{told}: it was ended by a signal; the same command goes on")
            raise HostProgramFailed(
                f"{told}: {self._words.text()}; "
                f"is {self._host.address.python} an interpreter there with the requirements?"
            )
        try:
            started = msgspec.json.decode(line, type=messages.Started)
        except messages.UNREADABLE as error:
            raise HostProgramFailed(
                f"{self.role} agent said {line[:200]!r} instead of where it listens"
            ) from error
        try:
            messages.check_protocol(started.protocol)
        except WireError as error:
            raise HostProgramFailed(f"{self.role} agent: {error}") from error
        return started

    def _refuse_known(self) -> None:
        """Raise what an agent that did not start says by its exit code."""
        known = {
            BUSY: (HostBusy, "host busy"),
            NOT_RESTORED: (KnobsNotRestored, _NOT_RESTORED_WORDS),
        }
        if self._channel.exit_status in known:
            kind, beginning = known[self._channel.exit_status]
            raise kind(f"{self.role} host {self._host.address}: {self._words.line(beginning)}")

    def _wait_reachable(self) -> None:
        try:
            grpc.channel_ready_future(self._control).result(timeout=_START_S)
        except grpc.FutureTimeoutError as error:
            raise HostUnreachable(
                f"{self.role} agent's control port cannot be reached through SSH"
            ) from error

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.wait(_HEARTBEAT_S):
                self._channel.sendall(b"\n")

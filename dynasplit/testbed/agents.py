"""An agent on a host: started over SSH, reached through SSH, ended by closing its channel."""

from __future__ import annotations

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import grpc
import msgspec
import paramiko

from dynasplit.core.errors import (
    DynaSplitError,
    HostProgramFailed,
    HostUnreachable,
    KnobRefused,
    MeasurementError,
)
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.credentials import Credentials
from dynasplit.testbed.programs import python_of
from hosts.core.errors import WireError
from hosts.wire import messages, rpc

T = TypeVar("T", bound=messages.Message)

_NOISE = re.compile(r"[IW]\d{4} |WARNING: All log|INFO: ")  # TensorFlow's and LiteRT's
_START_S = 60.0
_HEARTBEAT_S = 10.0
_END_S = 10.0


class AgentLink:
    """One running agent.

    Attributes:
        role: edge or cloud. started: what it said of itself.
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
        self._host = host
        self._log = log
        quiet = {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        python = python_of(host.address, programs, quiet)
        self._channel = host.start(f"{python} -m hosts.agents.agent")
        threading.Thread(target=self._keep_log, daemon=True).start()
        self._channel.sendall(msgspec.json.encode(order) + b"\n")
        self.started = self._read_started()
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
            KnobRefused, MeasurementError, HostProgramFailed: as the agent says.
            HostUnreachable: it does not answer in time.
        """
        asked = self._caller.submit(rpc.call, self._control, name, message, kind, timeout_s)
        try:
            return asked.result()
        except rpc.CallRefused as refused:
            raise self._translated(refused) from refused
        except WireError as error:
            raise HostProgramFailed(f"{name} asked of the {self.role} host: {error}") from error
        except grpc.RpcError as error:
            raise self._lost(name, error) from error

    def close(self) -> None:
        """End the agent by closing its channel, and wait until it has put the knobs back."""
        self._ended.set()
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.shutdown_write()
            self._channel.status_event.wait(_END_S)
        with contextlib.suppress(Exception):
            self._open.close()
        self._channel.close()

    def _translated(self, refused: rpc.CallRefused) -> DynaSplitError:
        text = f"{self.role} host: {refused}"
        if refused.kind in ("KnobError",):
            return KnobRefused(text)
        if refused.kind == "WireError":
            return MeasurementError(text)
        return HostProgramFailed(text)

    def _lost(self, name: str, error: grpc.RpcError) -> DynaSplitError:
        if self._channel.exit_status_ready():
            return HostProgramFailed(f"{self.role} agent has ended: {self._last_words()}")
        if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return HostProgramFailed(f"{self.role} agent's answer to {name}: {error.details()}")
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return HostUnreachable(f"{self.role} agent did not answer {name} in time")
        return HostUnreachable(f"{self.role} agent cannot be reached: {error.details()}")

    def _read_started(self) -> messages.Started:
        self._channel.settimeout(_START_S)
        try:
            line = self._channel.makefile("rb").readline()
        except TimeoutError as error:
            raise HostProgramFailed(f"{self.role} agent did not start in {_START_S} s") from error
        if not line:
            self._channel.status_event.wait(_END_S)
            raise HostProgramFailed(
                f"{self.role} agent did not start on {self._host.address}: {self._last_words()}; "
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

    def _wait_reachable(self) -> None:
        try:
            grpc.channel_ready_future(self._control).result(timeout=_START_S)
        except grpc.FutureTimeoutError as error:
            raise HostUnreachable(
                f"{self.role} agent's control port cannot be reached through SSH"
            ) from error

    def _last_words(self) -> str:
        told = self._log.read_text(errors="replace").splitlines() if self._log.is_file() else []
        lines = [line for line in told if line.strip() and not _NOISE.match(line)]
        return " / ".join(lines[-3:]) or "it said nothing"

    def _keep_log(self) -> None:
        with self._log.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while words := self._channel.recv_stderr(4096):
                file.write(words)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.wait(_HEARTBEAT_S):
                self._channel.sendall(b"\n")

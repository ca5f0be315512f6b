"""The long-lived agent on a host, started over SSH.

Its standard input is its control channel: the first line is the order to start, the following
ones are heartbeats. When it closes, or stays silent, the agent puts the knobs back and ends.
Its standard output says, in one line, where it listens.

    python -m hosts.agents.agent
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from hosts.agents.cloud import CloudAgent
from hosts.agents.edge import EdgeAgent
from hosts.agents.loading import begin_imports, find, load, pushed_folder
from hosts.agents.noting import clocks_ns, noted
from hosts.agents.open_machine import open_machine
from hosts.agents.preflight import Preflight
from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.agents.sampler import Sampler
from hosts.agents.streaming import TailStream
from hosts.conditions.base import read_conditions
from hosts.core.errors import BusyError, HostError, RestoreError, log_traceback
from hosts.machine.base import Machine
from hosts.machine.cpus import keep_to
from hosts.machine.facts import host_facts
from hosts.machine.lease import held
from hosts.machine.state_folder import state_folder
from hosts.wire import files, messages, packed
from hosts.wire.exit_codes import BUSY, NOT_RESTORED
from hosts.wire.rpc import channel, serve, server_credentials, start_server, tensor_handler

SILENCE_S = 60.0


class _Ended(BaseException):
    """A signal asks the agent to end; nothing takes it for an error of its own."""


Method = tuple[type[messages.Message], Callable[..., messages.Message]]


class Agent:
    """The control service of edge and cloud agents: knobs, artifacts, idle windows.

    Attributes:
        imports: goes on until all is imported that a network needs; None: not begun.
    """

    imports: threading.Thread | None = None

    def __init__(self, order: messages.StartOrder, machine: Machine) -> None:
        self.order = order
        self.machine = machine
        self.part: EdgeAgent | CloudAgent = (
            EdgeAgent(machine) if order.role == "edge" else CloudAgent(machine)
        )
        self.sampler = Sampler(machine)
        self.knobs = RestorableKnobs(order.knobs, machine, state_folder() / f"{order.role}.json")

    def methods(self) -> Mapping[str, Method]:
        """The control service."""
        shared: dict[str, Method] = {
            "Find": (files.FindOrder, find),
            "Load": (files.LoadOrder, self.load),
            "Knobs": (messages.KnobsOrder, self.set_knobs),
            "Idle": (messages.IdleOrder, self.idle),
            "Conditions": (messages.ConditionsOrder, self.conditions),
            "Judge": (messages.JudgeOrder, self.judge),
        }
        if isinstance(self.part, EdgeAgent):
            shared["Connect"] = (messages.ConnectOrder, self.connect)
            shared["Run"] = (messages.RunOrder, lambda order: packed.pack(self.run(order)))
            shared["Compiled"] = (files.CompiledOrder, self.hold_compiled)
        preflight = Preflight(self.machine, self.knobs, lambda: getattr(self.part, "stream", None))
        return {**shared, **preflight.methods()}

    def load(self, order: files.LoadOrder) -> messages.Message:
        """Load this host's part of a network."""
        if self.imports is not None:
            self.imports.join()
        return load(self.part, order, self.order)

    def hold_compiled(self, order: files.CompiledOrder) -> messages.Message:
        """Take note of a head that is compiled for the accelerator."""
        self.machine.hold_compiled(order.split_point, Path(order.path))
        return messages.Message()

    def set_knobs(self, order: messages.KnobsOrder) -> messages.Message:
        """Set and verify knobs."""
        self.machine.catch_up(order.board_ns)
        return messages.KnobsSet(
            knobs=self.knobs.apply(order.knobs),
            allowed=self.knobs.allowed(),
            board_ns=self.machine.board_ns(),
        )

    def run(self, order: messages.RunOrder) -> messages.RunReport:
        """Set the knobs, run a window, and check that the knobs still read the same."""
        assert isinstance(self.part, EdgeAgent)
        self.machine.catch_up(order.board_ns)
        self.knobs.apply(order.knobs)
        if "cpu_cores" in order.knobs and self.part.heads is not None:
            self.part.heads.threads = int(order.knobs["cpu_cores"])
        felt = "cpu_mhz" in order.knobs and not order.is_request  # which waits for its answer
        self.sampler.begin(felt=felt)
        began_ns = clocks_ns(self.machine)
        report = self.part.run(order)
        report.samples = self.sampler.take(felt=felt)
        report.noted = noted(self.machine, began_ns)
        self.knobs.check(order.knobs)
        report.conditions = read_conditions(self.machine, self.order.role)
        return report

    def conditions(self, order: messages.ConditionsOrder) -> messages.Message:
        """The conditions of this host, once its knobs are found to be as they were set."""
        self.knobs.check(order.knobs)
        values = read_conditions(self.machine, self.order.role)
        return messages.Conditions(
            values=values,
            samples=self.sampler.take(),
            noted=noted(self.machine),
            board_ns=self.machine.board_ns(),
        )

    def idle(self, order: messages.IdleOrder) -> messages.Message:
        """An idle window."""
        self.machine.catch_up(order.board_ns)
        start_ns, end_ns = self.machine.idle(order.run, order.duration_s)
        return messages.Idled(
            start_ns=start_ns,
            end_ns=end_ns,
            noted=noted(self.machine),
            board_ns=self.machine.board_ns(),
        )

    def judge(self, order: messages.JudgeOrder) -> messages.Message:
        """Begin to judge outputs, or end it and tell."""
        answers = self.part.output_quality
        if order.begin:
            answers.begin(order.split_point, order.codec)
            return messages.Judged()
        return messages.Judged(answers=answers.end(order.split_point, order.codec))

    def connect(self, order: messages.ConnectOrder) -> messages.Message:
        """Open the stream to the cloud's tensor port, and try it if that is asked for."""
        assert isinstance(self.part, EdgeAgent)
        self.machine.link_target = order.address, order.port
        target = f"{order.address}:{order.port}"
        pems = (self.order.key_pem, self.order.certificate_pem, self.order.authority_pem)
        self.part.stream = TailStream(channel(target, "cloud", *pems))
        if order.within_s is not None:
            self.part.stream.echo(b"", order.within_s)
        return messages.Message()

    def listen(self) -> tuple[int, int | None, Callable[[], None]]:
        """Serve; returns the control port, the tensor port, and how to stop."""
        pems = (self.order.key_pem, self.order.certificate_pem, self.order.authority_pem)
        control, port = start_server("127.0.0.1", serve(self.methods()), server_credentials(*pems))
        servers, tensor_port = [control], None
        if isinstance(self.part, CloudAgent):
            handler = tensor_handler(messages.TENSOR_SERVICE, self.part.exchange)
            server, tensor_port = start_server(
                self.order.listen, handler, server_credentials(*pems), self.order.listen_port
            )
            servers.append(server)

        def stop() -> None:
            for server in servers:
                server.stop(grace=0.2)

        return port, tensor_port, stop


def read_order() -> messages.StartOrder:
    """The first line of standard input."""
    line = sys.stdin.buffer.readline()
    order = msgspec.json.decode(line, type=messages.StartOrder)
    messages.check_protocol(order.protocol)
    return order


def wait_for_end(silence_s: float = SILENCE_S) -> str:
    """Return when standard input closes or stays silent; says which."""
    descriptor = sys.stdin.fileno()
    while True:
        ready, _, _ = select.select([descriptor], [], [], silence_s)
        if not ready:
            return f"no heartbeat for {silence_s} s"
        if not os.read(descriptor, 4096):
            return "control channel closed"


def main() -> int:
    """Run an agent; returns the exit code."""
    faulthandler.enable()  # a library's crash leaves its place among the last words
    _heed(_interrupted)
    try:
        order = read_order()
        with held(state_folder() / f"{order.role}.lease", order.controller):
            return _serve(order)
    except _Ended:
        _say("ended by a signal")
    except BusyError as error:
        _say(str(error))
        return BUSY
    except Exception as error:
        return _failed(error)
    return 0


def _serve(order: messages.StartOrder) -> int:
    """Serve until the controller ends, then put the host back; returns the exit code."""
    knobs: RestorableKnobs | None = None
    stop: Callable[[], None] = lambda: None  # noqa: E731
    code = 0
    try:
        agent = Agent(order, open_machine())
        restored = agent.knobs.restore(unknown_may_stay=True)
        keep_to(order.cpus)  # all are online again
        os.environ.setdefault("KERAS_HOME", str(pushed_folder() / "keras"))  # it writes there
        agent.imports = begin_imports(order, agent.machine)
        knobs = agent.knobs
        control_port, tensor_port, stop = agent.listen()
        started = messages.Started(
            control_port=control_port,
            tensor_port=tensor_port,
            pid=os.getpid(),
            facts=host_facts(agent.machine),
            restored=restored,
            board_ns=agent.machine.board_ns(),
        )
        print(msgspec.json.encode(started).decode(), flush=True)
        _say(wait_for_end())
    except _Ended:
        _say("ended by a signal")
    except Exception as error:
        code = _failed(error)
    _heed(signal.SIG_IGN)  # a second signal must not end what puts the host back
    code = _restore(knobs) or code
    stop()  # last: what goes wrong in a library then finds the host put back
    return code


def _restore(knobs: RestorableKnobs | None) -> int:
    """Put the host back; returns the exit code that says whether it is."""
    try:
        if knobs is not None and knobs.restore(for_good=True):
            _say("knobs restored")
    except HostError as error:
        return _failed(error)
    return 0


def _failed(error: Exception) -> int:
    """Say in a line what has failed, and the traceback where it was not foreseen."""
    words = " ".join(str(error).split())
    if isinstance(error, RestoreError):
        _say(f"knobs not restored: {words}")
        return NOT_RESTORED
    if not isinstance(error, (HostError, msgspec.MsgspecError)):
        log_traceback(error)
    _say(f"{type(error).__name__}: {words}")
    return 1


def _say(text: str) -> None:
    """A line for the controller's log; it may be gone already."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _heed(handler: Callable[[int, object], None] | signal.Handlers) -> None:
    for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(name, handler)


def _interrupted(number: int, _frame: object) -> None:
    raise _Ended(number)


if __name__ == "__main__":
    code = main()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # native threads of gRPC and TensorFlow must not keep it alive

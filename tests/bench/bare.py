"""A bare gRPC stream to measure against: frames there, a short answer back, mutual TLS.

python -m tests.bench.bare    serves, with the credentials given on standard input as JSON
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import msgspec

from dynasplit.testbed.credentials import Credentials, make_credentials
from hosts.wire import rpc
from tests.bench.agents import ROOT

SERVICE = "bare.Stream"


class BareStream:
    """One open stream."""

    def __init__(self, port: int, identity: Credentials) -> None:
        pems = (identity.key_pem, identity.certificate_pem, identity.authority_pem)
        self._channel = rpc.channel(f"127.0.0.1:{port}", "cloud", *pems)
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        exchange = self._channel.stream_stream(f"/{SERVICE}/Exchange")
        self._results: Any = exchange(iter(self._frames.get, None))

    def round_trip_ms(self, frame: bytes) -> float:
        """Time of one frame there and its answer back."""
        start_s = time.perf_counter()
        self._frames.put(frame)
        next(self._results)
        return (time.perf_counter() - start_s) * 1e3

    def close(self) -> None:
        """End it."""
        self._frames.put(None)
        self._channel.close()


@contextlib.contextmanager
def bare_stream() -> Iterator[BareStream]:
    """A stream to a server in a process of its own."""
    identities = make_credentials("edge", "cloud")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin
    assert server.stdout
    try:
        server.stdin.write(msgspec.json.encode(asdict(identities["cloud"])) + b"\n")
        server.stdin.flush()
        stream = BareStream(int(server.stdout.readline()), identities["edge"])
        yield stream
        stream.close()
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def main() -> None:
    """Serve until standard input closes."""
    pems = msgspec.json.decode(sys.stdin.buffer.readline(), type=dict[str, str])
    answers = rpc.tensor_handler(SERVICE, lambda frames: (b"\0" * 40 for _ in frames))
    server, port = rpc.start_server(
        "127.0.0.1",
        answers,
        rpc.server_credentials(pems["key_pem"], pems["certificate_pem"], pems["authority_pem"]),
    )
    print(port, flush=True)
    sys.stdin.buffer.read()
    server.stop(0)


if __name__ == "__main__":
    main()

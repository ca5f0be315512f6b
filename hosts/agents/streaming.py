"""The stream of tensors to the cloud, and what goes on it at the same time."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import grpc

from hosts.agents.watch import Watch
from hosts.core.errors import LinkError, WireError
from hosts.wire.frames import check_length
from hosts.wire.messages import TENSOR_SERVICE, TailResult, decode
from hosts.wire.refusals import PeerError

T = TypeVar("T")


RESULT_S = 120.0
"""The longest that a result may take; a cloud that is gone or stopped is noticed by its pings."""

ECHO_S = 15.0
"""Likewise of an answer that needs no computing."""


class TailStream:
    """One bidirectional stream to the cloud's tensor port, kept open between runs.

    Results come in the order of the frames. A stream that broke is opened anew by a send, but
    not before each frame that was sent on it is accounted for: a result is never taken for
    another frame's.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._exchange = channel.stream_stream(f"/{TENSOR_SERVICE}/Exchange")
        self._watch = Watch(RESULT_S)
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._results: Any = None
        self._lock = threading.Lock()
        self._awaited = 0

    def send(self, frame: bytes) -> None:
        """Send one frame; the sender bounds how many are not answered yet.

        Raises:
            WireError: it is longer than a message may be.
            LinkError: the stream broke, with frames on it that are not accounted for.
        """
        check_length(len(frame))
        with self._lock:
            if self._results is None:
                if self._awaited > 0:
                    raise LinkError("the stream to the cloud agent is broken")
                self._frames = queue.SimpleQueue()
                self._results = self._exchange(iter(self._frames.get, None))
            self._awaited += 1
            self._frames.put(frame)

    def echo(self, body: bytes, within_s: float = ECHO_S) -> None:
        """Send bytes that the cloud answers at once, beside the stream.

        Raises:
            LinkError: it does not.
        """
        method = self._channel.unary_unary(f"/{TENSOR_SERVICE}/Echo")
        try:
            method(body, timeout=within_s, wait_for_ready=True)
        except grpc.RpcError as error:
            raise LinkError(
                f"the cloud's tensor port does not answer: {error.details()}"
            ) from error

    def receive(self) -> TailResult:
        """Wait for the next result.

        Raises:
            LinkError: the cloud does not answer, or has gone.
            PeerError: it could not serve the frame.
            WireError: what it answers is no result.
        """
        try:
            result = self._next()
        finally:
            with self._lock:
                self._awaited -= 1
        if result.refused:
            raise PeerError(result.refused, "the cloud could not run the tail: ")
        return result

    def _next(self) -> TailResult:
        results = self._results
        if results is None:
            raise LinkError("the stream to the cloud agent is broken")
        try:
            with self._watch.over(results.cancel):
                return decode(next(results), TailResult)
        except grpc.RpcError as error:
            self._drop()
            if self._watch.has_rung:
                raise LinkError(f"the cloud agent gave no result in {RESULT_S:g} s") from error
            raise LinkError(f"the stream to the cloud agent broke: {error.details()}") from error
        except StopIteration as error:
            self._drop()
            raise LinkError("the cloud agent ended the stream") from error
        except WireError:
            self._drop()
            raise

    def _drop(self) -> None:
        with self._lock:
            self._frames.put(None)
            self._results = None

    def close(self) -> None:
        """End the stream."""
        self._watch.close()
        self._drop()
        self._channel.close()


class Receiver:
    """Takes results in a thread of its own while the next heads run.

    At most `in_flight` are awaited: `begin` waits when the cloud is slower.

    Attributes:
        error: the first that came with a result, or of its handler; None: none so far.
    """

    def __init__(self, in_flight: int, receive: Callable[[], T]) -> None:
        self.error: Exception | None = None
        self._receive = receive
        self._room = threading.BoundedSemaphore(in_flight)
        self._awaited: queue.SimpleQueue[Callable[[Any], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Wait until one more may be sent."""
        self._room.acquire()

    def expect(self, take: Callable[[T], None] | None) -> None:
        """Register the handler of the next result; None: nothing was sent."""
        if take is None:
            self._room.release()
        else:
            self._awaited.put(take)

    def finish(self) -> None:
        """Wait for all that is awaited, so that the stream is in step for what comes next."""
        self._awaited.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (take := self._awaited.get()) is not None:
            try:
                take(self._receive())
            except Exception as error:  # else who waits for room would wait for ever
                self.error = self.error or error
            finally:
                self._room.release()


def ahead(frames: Iterable[T], bound: int) -> tuple[Iterable[T], Callable[[], None]]:
    """Read a stream ahead in a thread of its own, by `bound` at most, while the caller computes.

    Returns:
        The same in order, and what to call when no more is wanted.
    """
    end = object()
    waiting: queue.Queue[Any] = queue.Queue(bound)
    stopped = threading.Event()

    def put(what: object) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(what, timeout=1.0)
                break

    def read() -> None:
        try:
            for frame in frames:
                put(frame)
                if stopped.is_set():
                    return
        except Exception:  # the peer has gone: gRPC raises what it likes
            pass
        finally:
            put(end)

    threading.Thread(target=read, daemon=True).start()
    return iter(waiting.get, end), stopped.set

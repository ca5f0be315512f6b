"""gRPC without generated code: msgpack messages on generic methods, under mutual TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
import msgspec

from hosts.core.errors import HostError, WireError, log_traceback
from hosts.wire.frames import check_length
from hosts.wire.messages import (
    MESSAGE_LIMIT_BYTES,
    SERVICE,
    UNREADABLE,
    Message,
    Refused,
    decode,
    encode,
)
from hosts.wire.refusals import PeerError, refusal

T = TypeVar("T")
M = TypeVar("M", bound=Message)

SILENCE_S = 13.0
"""A peer that does not even answer pings for so long is lost: stopped, or the link is cut."""
_PING_S = 4.0

OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.max_send_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", round(1000 * _PING_S)),
    ("grpc.keepalive_timeout_ms", round(1000 * (SILENCE_S - _PING_S))),
    ("grpc.http2.ping_timeout_ms", round(1000 * (SILENCE_S - _PING_S))),  # else a minute
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 2000),
    ("grpc.max_reconnect_backoff_ms", 2000),
)


def server_credentials(key_pem: str, certificate_pem: str, authority_pem: str) -> Any:
    """Mutual TLS: only peers whose certificate this run's authority signed are served."""
    pair = (key_pem.encode(), certificate_pem.encode())
    return grpc.ssl_server_credentials([pair], authority_pem.encode(), require_client_auth=True)


def channel(
    target: str, peer: str, key_pem: str, certificate_pem: str, authority_pem: str
) -> grpc.Channel:
    """A channel to the peer whose certificate carries that name, whatever its address."""
    credentials = grpc.ssl_channel_credentials(
        authority_pem.encode(), key_pem.encode(), certificate_pem.encode()
    )
    named = (("grpc.ssl_target_name_override", peer), ("grpc.enable_http_proxy", 0))
    return grpc.secure_channel(target, credentials, OPTIONS + named)


def serve(
    methods: Mapping[str, tuple[type[M], Callable[[M], Message]]],
) -> grpc.GenericRpcHandler:
    """The control service: each method takes a message and answers with one, or is refused.

    Whatever a method raises is told with its class and words, and leaves the service as it was.
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(_answering(kind, method))
        for name, (kind, method) in methods.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _answering(kind: type[M], method: Callable[[M], Message]) -> Callable[[bytes, Any], bytes]:
    def answer(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return encode(method(decode(body, kind)))
        except Exception as error:
            if not isinstance(error, HostError):
                log_traceback(error)  # what is told is one line
            told = msgspec.json.encode(refusal(error)).decode()
            context.abort(grpc.StatusCode.ABORTED, told)
            raise AssertionError("abort raises") from error

    return answer


def call(channel: grpc.Channel, name: str, message: Message, kind: type[T], timeout_s: float) -> T:
    """Call a method of an agent.

    Raises:
        PeerError: the agent says why not. grpc.RpcError: it could not be reached.
        WireError: the message is longer than allowed, or the answer of another version.
    """
    method = channel.unary_unary(f"/{SERVICE}/{name}")
    body = encode(message)
    check_length(len(body))
    try:
        return decode(method(body, timeout=timeout_s), kind)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.ABORTED:
            raise PeerError(_refused(name, error.details())) from error
        raise


def _refused(name: str, details: object) -> Refused:
    try:
        return msgspec.json.decode(str(details), type=Refused)
    except UNREADABLE as error:
        raise WireError(f"{name} was refused, in no words of an agent: {error}") from error


def tensor_handler(
    service: str, exchange: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> grpc.GenericRpcHandler:
    """The tensor stream: frames in, results out, raw bytes both ways; and an echo of nothing."""

    def stream(frames: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        return exchange(frames)

    def echo(_body: bytes, _context: grpc.ServicerContext) -> bytes:
        return b""

    handlers = {
        "Exchange": grpc.stream_stream_rpc_method_handler(stream),
        "Echo": grpc.unary_unary_rpc_method_handler(echo),
    }
    return grpc.method_handlers_generic_handler(service, handlers)


def start_server(
    address: str, handler: grpc.GenericRpcHandler, credentials: Any, port: int = 0
) -> tuple[grpc.Server, int]:
    """Serve on a port of an address, 0: any that is free; returns the server and the port.

    Raises:
        HostError: the address is not this host's, or the port is taken.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=OPTIONS)
    server.add_generic_rpc_handlers((handler,))
    try:
        bound = server.add_secure_port(f"{address}:{port}", credentials)
    except RuntimeError as error:
        asked = f"{address}, the address asked for"
        if port:
            asked = f"port {port} of {asked} (hosts.cloud.link_port=null takes a free one)"
        raise HostError(f"cannot listen on {asked}: {error}") from error
    server.start()
    return server, bound

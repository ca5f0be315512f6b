"""Logs in to a host, through others if need be: strict host keys, keys of users, clear errors."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import paramiko
from fabric import Config, Connection
from paramiko.ssh_exception import IncompatiblePeer

from dynasplit.core.errors import HostUnreachable
from dynasplit.testbed.login.client_keys import KeysOnly
from dynasplit.testbed.login.destination import Destination, way_to
from dynasplit.testbed.login.host_key import HostKeyCheck
from dynasplit.testbed.login.reach import CONNECT_S, Reached

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what matters is raised

_SESSION_S = 60.0


def log_in(destination: Destination, opened: contextlib.ExitStack) -> Connection:
    """A logged-in connection.

    Args:
        destination: the host; hosts on the way to it are logged in to first.
        opened: closes what was opened here.

    Raises:
        HostUnreachable, HostKeyRefused, LoginRefused: of any host on the way; one line each.
        ConfigurationError: the way leads nowhere.
    """
    through: Connection | None = None
    for hop in way_to(destination):
        through = _log_in_to(hop, through, opened)
    assert through is not None
    return through


def _log_in_to(
    destination: Destination, through: Connection | None, opened: contextlib.ExitStack
) -> Connection:
    check = HostKeyCheck(destination)
    settings: dict[str, object] = {
        "banner_timeout": CONNECT_S,
        "auth_timeout": CONNECT_S,
        "channel_timeout": _SESSION_S,
        "transport_factory": check.transport,
        "auth_strategy": KeysOnly(destination),
    }
    reached = None
    if through is None:
        reached = Reached(destination)
        opened.callback(reached.close)
        settings["sock"] = reached.socket
    made = Connection(
        destination.host,
        user=destination.user,
        port=destination.port,
        gateway=through if through is not None else False,
        config=Config(overrides={"load_ssh_configs": False}),
        connect_timeout=CONNECT_S,
        connect_kwargs=settings,
    )
    made.client.set_missing_host_key_policy(check)
    opened.callback(made.client.close)
    with _explained(destination, through, reached):
        made.open()
    return made


@contextlib.contextmanager
def _explained(
    destination: Destination, through: Connection | None, reached: Reached | None
) -> Iterator[None]:
    """Turn the SSH library's errors of a login into ours."""
    try:
        yield
    except paramiko.ChannelException as error:
        assert through is not None
        raise HostUnreachable(
            f"{destination}: the jump host {through.host} does not let through to it ({error.text})"
        ) from error
    except IncompatiblePeer as error:
        raise HostUnreachable(
            f"{destination}: its SSH server is too old or too strict for this client: {error}"
        ) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        why = str(getattr(error, "strerror", None) or error) or "the connection was lost"
        if reached is not None and reached.command is not None:
            why = f"its ProxyCommand leads to no SSH server; {reached.complaint() or why}"
        raise HostUnreachable(f"{destination}: SSH failed: {why}") from error

"""Starts hosts on this machine: two SSH servers on loopback, each its own process."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from dynasplit.core.errors import TestbedError
from dynasplit.testbed.address import HostAddress
from hosts.core.modules import EXTENSIONS_VARIABLE

Fault = Mapping[str, str | int | float | None]

_SOURCE = Path(__file__).resolve().parents[2]
_PATIENCE_S = 10.0
_ANY_PYTHON = HostAddress().python
"""Where none is named, a host on this machine has the controller's."""


@contextlib.contextmanager
def loopback_hosts(
    edge: HostAddress,
    cloud: HostAddress,
    *,
    profile: str | None = None,
    seed: int = 0,
    speedup: float | None = None,
    faults: Sequence[Fault] = (),
) -> Iterator[tuple[HostAddress, HostAddress]]:
    """Run an edge and a cloud host on this machine while the context lasts.

    Keys are made for the run in a private folder, which the hosts remove when the controller
    ends, however it ends.

    Args:
        edge: knobs, meter and CPUs of the edge; its address is filled in.
        cloud: likewise.
        profile: name or path of the emulated boards' profile; None: real clocks, no boards.
        seed: of the boards' noise.
        speedup: board seconds a wall second at the most; None: as fast as it goes.
        faults: that the boards are given, each with its name, host and parameters.

    Yields:
        Edge and cloud as any other hosts: address, port, key, known hosts.
    """
    folder = _private_folder()
    started: list[subprocess.Popen[bytes]] = []
    try:
        public_key = _make_client_key(folder)
        addresses = []
        for role in ("edge", "cloud"):
            (folder / role).mkdir(mode=0o700)
            order = {
                "role": role,
                "profile": profile,
                "folder": str(folder / role),
                "authorized_key": public_key,
                "seed": seed,
                "speedup": speedup,
                "faults": list(faults),
            }
            started.append(_start(order))
        for role, program, given in zip(("edge", "cloud"), started, (edge, cloud), strict=True):
            address = _address(folder, role, program, given)
            # a board is gone with its host
            addresses.append(replace(address, outlasts_run=profile is None))
        yield addresses[0], addresses[1]
    finally:
        for program in started:
            assert program.stdin
            program.stdin.close()
        for program in started:
            _wait(program)
        shutil.rmtree(folder, ignore_errors=True)


def _private_folder() -> Path:
    """A folder for this user alone, with a path that leaves room for a unix socket's name."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="dynasplit-", dir=base if len(base) < 60 else "/tmp"))


def _make_client_key(folder: Path) -> str:
    """A key pair for the run; returns the public one as a line of authorized_keys."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    path = folder / "client_key"
    path.touch(mode=0o600)
    path.write_bytes(private)
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return public.decode()


def _start(order: Mapping[str, object]) -> subprocess.Popen[bytes]:
    """Start a host out of reach of the terminal's Ctrl-C: its lifeline is the pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "hosts.ssh_server", msgspec.json.encode(order).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_SOURCE,
        env=_environment(),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """The environment of a host: extensions reach it with the pushed programs alone."""
    plain = {k: v for k, v in os.environ.items() if k != EXTENSIONS_VARIABLE}
    return plain | {"PYTHONPATH": str(_SOURCE)}


def _address(
    folder: Path, role: str, program: subprocess.Popen[bytes], given: HostAddress
) -> HostAddress:
    """Read where a host listens, and write its key where the controller checks it."""
    assert program.stdout
    line = program.stdout.readline()
    if not line:
        raise TestbedError(
            f"the {role} host on this machine did not start; exit code {program.wait()}"
        )
    up = msgspec.json.decode(line)
    known_hosts = folder / f"known_hosts_{role}"
    known_hosts.write_text(f"[127.0.0.1]:{up['port']} {up['host_key']}\n")
    return replace(
        given,
        address="127.0.0.1",
        port=up["port"],
        user=getpass.getuser(),
        key_file=str(folder / "client_key"),
        known_hosts=str(known_hosts),
        python=sys.executable if given.python == _ANY_PYTHON else given.python,
        link_address="127.0.0.1",
        heeds_ssh_config=False,
    )


def _wait(program: subprocess.Popen[bytes]) -> None:
    try:
        program.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    if program.stdout:
        program.stdout.close()

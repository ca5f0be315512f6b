"""The knob values that a host offers, asked of the host itself before a run."""

from __future__ import annotations

import contextlib
import shlex

import msgspec

from dynasplit.core.errors import HostProgramFailed
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.programs import push_programs, python_of
from hosts.wire.messages import UNREADABLE


class Offers(msgspec.Struct):
    """What `hosts.discover` prints: values by knob; why others are absent, or refused."""

    values: dict[str, list[int | str | bool]] = {}
    absent: dict[str, str] = {}
    refused: dict[str, str] = {}


def offers_of(address: HostAddress) -> Offers:
    """Log in, and ask for the values of the knobs that the host is said to have.

    Raises:
        TestbedError: it cannot be reached, or its interpreter lacks what programs need.
    """
    if not address.knobs:
        return Offers()
    with contextlib.closing(HostConnection(address)) as host:
        python = python_of(address, push_programs(host))
        names = " ".join(map(shlex.quote, address.knobs))
        try:
            printed = host.feed(f"{python} -m hosts.discover {names}")
        except HostProgramFailed as error:
            raise HostProgramFailed(
                f"{address}: {address.python} cannot run the host's programs: {error}; are the "
                "requirements installed there? +experiment=provision installs them"
            ) from error
    try:
        return msgspec.json.decode(printed.splitlines()[-1], type=Offers)
    except (*UNREADABLE, IndexError) as error:
        raise HostProgramFailed(
            f"{address}: what it says of its knobs is not understood: {printed[:200]!r}"
        ) from error

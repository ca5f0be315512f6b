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
from hosts.wire.preflight import KnobLook


def offers_of(address: HostAddress) -> dict[str, KnobLook]:
    """Log in, and ask for the values of the knobs that the host is said to have.

    Raises:
        TestbedError: it cannot be reached, or its interpreter lacks what programs need.
    """
    if not address.knobs:
        return {}
    with contextlib.closing(HostConnection(address)) as host:
        python = python_of(address, push_programs(host))
        try:
            cpus = [f"cpus={','.join(map(str, address.cpus))}"] if address.cpus else []
            words = shlex.join([*cpus, f"runtime={address.runtime}", *address.knobs])
            printed = host.feed(f"{python} -m hosts.discover {words}")
            return msgspec.json.decode(printed, type=dict[str, KnobLook])
        except (HostProgramFailed, *UNREADABLE) as error:
            raise HostProgramFailed(
                f"{address}: {address.python} cannot run the host's programs: {error}; are the "
                "requirements installed there? +experiment=provision installs them"
            ) from error

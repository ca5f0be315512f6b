"""A host's way to one TCP port: its rate by the kernel's `htb`, delay and loss by `netem` (`tc`).

A class bounds what goes to that port; another takes all else as it comes, SSH among it. What comes
back is not bounded: answers are small.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterable

from hosts.core.errors import KnobError
from hosts.machine.tools import run_tool

_HANDLE = "d5:"
_NETEM = "d6:"
_ALL_ELSE_MBIT_S = 100_000
_QUEUED = 100_000  # packets that netem holds: of 100 Gbit/s more than a fifth of a second
_UNITS = {"bit": 1e-6, "Kbit": 1e-3, "Mbit": 1.0, "Gbit": 1e3}


def addresses_of(name: str) -> list[str]:
    """The addresses of a host, as the system's resolver has them.

    Raises:
        KnobError: it has none.
    """
    try:
        found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise KnobError(f"the cloud's address {name} has no number here: {error}") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def device_to(address: str) -> str:
    """The network device that leads to an address."""
    return str(json.loads(run_tool(["ip", "-j", "route", "get", address]))[0]["dev"])


def own_qdisc(device: str) -> str | None:
    """What somebody else has set up at a device's root; None: the kernel's default, or ours."""
    for each in json.loads(run_tool(["tc", "-j", "qdisc", "show", "dev", device])):
        if each.get("root") and each["handle"] not in ("0:", _HANDLE):
            return str(each["kind"])
    return None


def bound_mbit_s(device: str) -> float | None:
    """The rate that is set; None: none is."""
    said = run_tool(["tc", "class", "show", "dev", device])
    told = re.search(rf"^class htb {_HANDLE}1 .*?\brate (\d+)(\w+)", said, re.M)
    return None if told is None else float(told[1]) * _UNITS[told[2]]


def disturbed(device: str) -> tuple[int, int]:
    """The delay in ms and the loss in percent that are set; 0: none is."""
    for each in json.loads(run_tool(["tc", "-j", "qdisc", "show", "dev", device])):
        if each["kind"] == "netem" and each["handle"] == _NETEM:
            options = each["options"]
            delay_s = options.get("delay", {}).get("delay", 0.0)
            return round(1000 * delay_s), round(100 * options.get("loss-random", {}).get("loss", 0))
    return 0, 0


def bind(
    device: str,
    mbit_s: int,
    addresses: Iterable[str],
    port: int,
    delay_ms: int = 0,
    loss_pct: int = 0,
) -> None:
    """Bound, delay and lose what goes to a port of these addresses.

    Raises:
        KnobError: tc refuses it, or somebody else's qdisc is there.
    """
    if (kind := own_qdisc(device)) is not None:
        raise KnobError(
            f"{device} has a qdisc of its own ({kind}), which is not replaced; take it away, or "
            "leave the knob out of hosts.edge.knobs"
        )
    unbind(device)
    at = ("dev", device, "parent", _HANDLE)
    try:
        _tc("qdisc", "add", "dev", device, "root", "handle", _HANDLE, "htb", "default", "2")
        rates = ((1, mbit_s), (2, _ALL_ELSE_MBIT_S))
        for number, rate in rates:
            name = ("classid", f"{_HANDLE}{number}")
            _tc("class", "add", *at, *name, "htb", "rate", f"{rate}mbit", "quantum", "60000")
        if delay_ms or loss_pct:
            disturbing = ("delay", f"{delay_ms}ms", "loss", f"{loss_pct}%")
            place = ("dev", device, "parent", f"{_HANDLE}1", "handle", _NETEM)
            _tc("qdisc", "add", *place, "netem", "limit", str(_QUEUED), *disturbing)
        for address in addresses:
            _tc("filter", "add", *at, *_match(address, port), "flowid", f"{_HANDLE}1")
    except KnobError:
        unbind(device)
        raise


def unbind(device: str) -> None:
    """Take away what `bind` has made, if it is there; the kernel's default comes back."""
    for each in json.loads(run_tool(["tc", "-j", "qdisc", "show", "dev", device])):
        if each.get("root") and each["handle"] == _HANDLE:
            _tc("qdisc", "del", "dev", device, "root")


def _match(address: str, port: int) -> tuple[str, ...]:
    version = ipaddress.ip_address(address.partition("%")[0]).version
    protocol, field, bits = ("ip", "ip", 32) if version == 4 else ("ipv6", "ip6", 128)
    to = ("match", field, "dst", f"{address}/{bits}", "match", field, "dport", str(port), "0xffff")
    return ("protocol", protocol, "prio", "1" if version == 4 else "2", "u32", *to)


def _tc(*words: str) -> None:
    run_tool(["tc", *words])

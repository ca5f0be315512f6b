"""The lab's network: a cable from the controller to each host, and one between the two.

The addresses are from the block that is kept for benchmarks (RFC 2544). Every cable ends in a
host's namespace, and is gone with it.
"""

import subprocess
from typing import Literal

Cable = Literal["edge", "cloud", "link"]

CONTROL, LINK = "eth0", "eth1"
"""A host's ends: of the cable to the controller, and of the one to the other host."""

_NETWORKS = 256
_BURST, _LATENCY = "64kb", "100ms"


def ip(*words: str, of: int | None = None) -> None:
    """Run iproute2's `ip` here, or in the network of a process."""
    _run("ip", *words, of=of)


def _run(*words: str, of: int | None = None) -> None:
    entered = ("nsenter", "--target", str(of), "--net") if of else ()
    done = subprocess.run([*entered, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {' '.join(done.stderr.split())}")


class Network:
    """The three cables.

    Attributes:
        pids: the first process of each host. controller: this machine's address as each host
            sees it. host: each host's as the controller sees it. link: each host's as the other
            sees it.
    """

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids = pids
        self._is_bounded = False
        self._number = self._first_free()
        start = f"198.18.{self._number}"
        self.controller = {"edge": f"{start}.1", "cloud": f"{start}.5"}
        self.host = {"edge": f"{start}.2", "cloud": f"{start}.6"}
        self.link = {"edge": f"{start}.9", "cloud": f"{start}.10"}
        self._plug("cloud")
        ip(
            *("link", "add", LINK, "netns", str(pids["edge"]), "type", "veth"),
            *("peer", "name", LINK, "netns", str(pids["cloud"])),
        )
        for role, pid in pids.items():
            ip("addr", "add", f"{self.controller[role]}/30", "dev", self._end(role))
            ip("link", "set", self._end(role), "up")
            ip("addr", "add", f"{self.host[role]}/30", "dev", CONTROL, of=pid)
            ip("addr", "add", f"{self.link[role]}/30", "dev", LINK, of=pid)
            for name in ("lo", CONTROL, LINK):
                ip("link", "set", name, "up", of=pid)

    def cut(self, cable: Cable) -> None:
        """Take a cable out: what is sent is lost, and nobody is told."""
        ip("link", "set", self._far_end(cable), "down", of=self._far_pid(cable))

    def mend(self, cable: Cable) -> None:
        """Plug it in again."""
        ip("link", "set", self._far_end(cable), "up", of=self._far_pid(cable))

    def set_rate(self, mbit_s: float | None) -> None:
        """Bound the link between the hosts in both directions; None: as fast as it goes."""
        for pid in self.pids.values():
            if mbit_s is not None:
                limits = ("rate", f"{round(1000 * mbit_s)}kbit", "burst", _BURST)
                place = ("tc", "qdisc", "replace", "dev", LINK, "root")
                _run(*place, "tbf", *limits, "latency", _LATENCY, of=pid)
            elif self._is_bounded:
                _run("tc", "qdisc", "del", "dev", LINK, "root", of=pid)
        self._is_bounded = mbit_s is not None

    def remove(self) -> None:
        """Take the controller's ends away; the others go with their hosts."""
        for role in self.pids:
            subprocess.run(["ip", "link", "del", self._end(role)], capture_output=True, check=False)

    def _first_free(self) -> int:
        """The first network that no other lab of this machine has, taken by the edge's cable."""
        for number in range(_NETWORKS):
            self._number = number
            try:
                self._plug("edge")
            except OSError as error:
                if "exists" not in str(error):
                    raise
            else:
                return number
        raise OSError(f"all {_NETWORKS} networks of labs on this machine are taken")

    def _plug(self, role: str) -> None:
        there = ("peer", "name", CONTROL, "netns", str(self.pids[role]))
        ip("link", "add", self._end(role), "type", "veth", *there)

    def _end(self, role: str) -> str:
        """The controller's end of a host's cable."""
        return f"lab{self._number}{role}"

    def _far_end(self, cable: Cable) -> str:
        return LINK if cable == "link" else CONTROL

    def _far_pid(self, cable: Cable) -> int:
        return self.pids["cloud" if cable == "link" else cable]

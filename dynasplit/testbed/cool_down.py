"""Waits before a window until the hosts are about as warm as they were at the run's begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dynasplit.testbed.gates._window import Cooled
from dynasplit.testbed.lab import Host
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.wire import messages

FILE = "temperatures.json"
_STEP_S = 2.0
Carry = Callable[[messages.Message], None]


@dataclass
class CoolDown:
    """Knows how warm each host was at the run's begin, and lets it rest until it is again.

    Attributes:
        rules: the band, and the longest wait.
        folder: keeps the temperatures at the begin, for starts that go on; None: nowhere.
        began_c: of each host that tells its temperature, by role; None: not asked yet.
    """

    rules: UpkeepRules
    folder: Path | None = None
    began_c: dict[str, float] | None = None
    _steps: int = field(default=0)

    def wait(
        self, hosts: Sequence[Host], board_ns: Callable[[], int | None], carry: Carry
    ) -> Cooled | None:
        """Let hosts rest that are too hot; None: no temperature is told, or none is asked for.

        Args:
            hosts: edge and cloud.
            board_ns: tells board time.
            carry: takes over a host's.
        """
        band_c, limit_s = self.rules.cool_down_c, self.rules.cool_down_limit_s
        if band_c is None or limit_s <= 0:
            return None
        if self.began_c is None:
            self.began_c = self._begun(hosts)
        if not self.began_c:
            return None
        waited_s, hot = 0.0, []
        for host in (h for h in hosts if h.role in self.began_c):
            most_c = self.began_c[host.role] + band_c
            while (now_c := temperature_c(host)) is not None and now_c > most_c:
                if waited_s >= limit_s:
                    hot.append(
                        f"{host.role}: {now_c:.1f} degrees after {waited_s:.0f} s of cooling down; "
                        f"at most {most_c:.1f} may be"
                    )
                    break
                step_s = min(_STEP_S, limit_s - waited_s)
                self._steps += 1
                order = messages.IdleOrder(
                    run=f"cool-down {self._steps}", duration_s=step_s, board_ns=board_ns()
                )
                carry(host.agent.call("Idle", order, messages.Idled, step_s + 60))
                waited_s += step_s
        return Cooled(waited_s, limit_s, "; ".join(hot))

    def _begun(self, hosts: Sequence[Host]) -> dict[str, float]:
        """As kept by an earlier start, else as it is now."""
        if self.folder is not None:
            try:
                kept = (self.folder / FILE).read_bytes()
                return msgspec.json.decode(kept, type=dict[str, float])
            except (OSError, msgspec.MsgspecError):
                pass
        asked = {host.role: temperature_c(host) for host in hosts}
        told = {role: celsius for role, celsius in asked.items() if celsius is not None}
        if self.folder is not None:
            (self.folder / FILE).write_bytes(msgspec.json.encode(told))
        return told


def temperature_c(host: Host) -> float | None:
    """A host's temperature now; None: it tells none."""
    order = messages.ConditionsOrder()
    answer = host.agent.call("Conditions", order, messages.Conditions, 60.0)
    return answer.values.get(f"{host.role}_temperature_c")

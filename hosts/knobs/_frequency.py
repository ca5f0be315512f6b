"""The frequency of a host's CPUs, or of one cluster of them: base of the knobs that set it.

Policies that have at least two values in common are one cluster. Else the one with the fastest
frequency is a cluster by itself, and the others are the slower one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hosts.core.errors import KnobError
from hosts.core.rights import FileRight
from hosts.knobs._boost import CPUS, SWITCHES, Boost
from hosts.knobs._policy import KEPT, TOLERANCE_MHZ, Policy, Range
from hosts.knobs.base import HostKnob, Value
from hosts.machine.cpus import own_cpus
from hosts.machine.firmware import arm_clock_mhz

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_POLICIES = f"{CPUS}/cpufreq"
_TRIES = 2  # what is put back by something else is set again once
_LOOKS = 25
_SPACED = 5
_STEP_MHZ = 100  # the step of the frequencies that Intel's and many other CPUs have
_BOOST = "boost"


class FrequencyKnob(HostKnob):
    """A frequency of CPUs; the class says of which cluster.

    Values up to the base frequency are set with turbo switched off, where there is a switch: then
    no CPU of the host runs above what the files say, and limits and turbo cannot disagree. The
    entry of a list that stands for turbo is set with turbo switched on.
    """

    unit = "MHz"
    kind = int
    where = "edge"
    least = 10
    most = 20_000
    rights = (
        *(FileRight(f"{_POLICIES}/policy*/{name}", write=True) for name in KEPT),
        *(FileRight(name, write=True, optional=True) for name in SWITCHES),
    )
    is_fastest: ClassVar[bool]
    """True: of the fastest cluster, and of all policies where there is only one cluster."""

    @classmethod
    def shown(cls, value: Value) -> str:
        """`1800 MHz`."""
        return f"{value} MHz"

    @classmethod
    def loop_ratio(cls, slow: Value, fast: Value) -> float | None:
        """That of the frequencies: memory and input take no part in such a loop."""
        return float(fast) / float(slow)

    @classmethod
    def felt_ends(cls, values: Sequence[Value]) -> tuple[Value, Value]:
        """Without the entry for turbo, whose frequency nobody knows."""
        turbo = len(values) > 2 and int(values[-1]) - int(values[-2]) == 1
        return values[0], values[-2 if turbo else -1]

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._boost = Boost(machine)
        self._known: dict[str, Policy] = {}
        self._split_khz: int | None = None  # the fastest cluster's frequency, once it is known
        self._allowed: tuple[Value, ...] = ()
        if not any(self._folders()):
            raise KnobError(f"no {self.name} here: {machine.root / _POLICIES} offers no policy")

    def allowed(self) -> tuple[Value, ...]:
        """Those that every policy of the cluster takes; looked up once, before any is offline."""
        if not self._allowed:
            active = list(self._online())
            if not active:
                raise KnobError(f"no {self.name} here: all CPUs of its policies are offline")
            common = _common_mhz([policy.range for policy in active])
            tops_khz = {policy.range.top_khz for policy in active}
            if len(common) < 2 and len(tops_khz) > 1:
                self._split_khz = max(tops_khz)
                common = _common_mhz([policy.range for policy in self._of_cluster()])
            elif not self.is_fastest:
                raise KnobError("every CPU takes the frequencies that cpu_mhz sets")
            self._allowed = common
        return self._allowed

    def read(self) -> int:
        """The value that is held; where there is none, the slowest policy's frequency now."""
        policies = self._policies()
        for mhz in map(int, self.allowed()):
            if policies and policies[0].is_set_to_khz() == policies[0].range.khz(mhz):
                if self.holds(mhz):
                    return mhz
                break
        return self._runs_at_mhz(policies) if policies else int(self._allowed[0])

    def holds(self, value: Value) -> bool:
        """True if every CPU that is online is set to this frequency, and runs at it.

        On a Raspberry Pi the firmware, which has the last word, has to measure it too.
        """
        policies = self._policies()
        if not all(policy.holds(int(value)) for policy in policies):
            return False
        if self.is_fastest and self._boost.is_on() not in (None, self._is_turbo(int(value))):
            return False
        clock_mhz = arm_clock_mhz(self._machine) if len(policies) == 1 else None
        return clock_mhz is None or abs(clock_mhz - int(value)) <= TOLERANCE_MHZ

    def write(self, value: Value) -> None:
        """Set the frequency everywhere, and once more where something puts it back at once."""
        self.check_allowed(value)
        for _ in range(_TRIES):
            if self.is_fastest:
                self._boost.switch(self._is_turbo(int(value)))
            for policy in self._policies():
                policy.set_khz(policy.range.khz(int(value)))
            for _ in range(_LOOKS):
                if self.holds(value):
                    return
                self._machine.settle()
        raise KnobError(
            f"{self.name}={value} asked, {self._runs_at_mhz(self._policies())} read back; "
            f"allowed: +-{TOLERANCE_MHZ}"
        )

    def files(self) -> tuple[Path, ...]:
        """Of each policy: its governor, and the speed or the limits that the governor heeds."""
        switch = [self._boost.file] if self.is_fastest and self._boost.file else []
        return (*switch, *(path for policy in self._policies() for path in policy.files()))

    def snapshot(self) -> dict[str, str]:
        """Governor, limits and speed of every policy, by `policy/file`; whether turbo is on."""
        found = {n: t for policy in self._policies() for n, t in policy.snapshot().items()}
        if self.is_fastest and (on := self._boost.is_on()) is not None:
            found[_BOOST] = str(int(on))
        return found

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back turbo, then each policy's limits, speed and governor."""
        if _BOOST in snapshot:
            self._boost.switch(snapshot[_BOOST] == "1")
        if not (policies := _by_policy(snapshot)):
            raise KnobError("the record of how it was names no policy")
        for name, was in policies.items():
            folder = self._machine.root / _POLICIES / name
            Policy(folder, self._machine, self._boost).restore(was)

    def _policies(self) -> list[Policy]:
        """Those of this cluster that can be set now."""
        self.allowed()
        return self._of_cluster()

    def _of_cluster(self) -> list[Policy]:
        split_khz = self._split_khz
        return [
            policy
            for policy in self._online()
            if split_khz is None or (policy.range.top_khz >= split_khz) == self.is_fastest
        ]

    def _online(self) -> Iterable[Policy]:
        """The policies of CPUs that are online, and that this host may use."""
        for folder in self._folders():
            policy = self._known.setdefault(folder.name, Policy(folder, self._machine, self._boost))
            cpus = policy.cpus()
            if cpus is None or (cpus if self._machine.emulated else cpus & set(own_cpus())):
                yield policy

    def _folders(self) -> list[Path]:
        return sorted((self._machine.root / _POLICIES).glob("policy*"))

    def _is_turbo(self, mhz: int) -> bool:
        return any(p.range.khz(mhz) == p.range.turbo_khz for p in self._of_cluster())

    def _runs_at_mhz(self, policies: Sequence[Policy]) -> int:
        clock_mhz = arm_clock_mhz(self._machine) if len(policies) == 1 else None
        slowest_mhz = min(policy.runs_at_khz() for policy in policies) // 1000
        return slowest_mhz if clock_mhz is None else min(slowest_mhz, int(clock_mhz))


def _common_mhz(ranges: Sequence[Range]) -> tuple[int, ...]:
    """The values that all take, ascending: listed ones, else some at equal distances."""
    listed = [set(each.listed) for each in ranges if each.listed]
    if listed:
        return tuple(
            sorted(m for m in set.intersection(*listed) if all(each.takes(m) for each in ranges))
        )
    low_mhz = -(-max(each.low_khz for each in ranges) // 1000)
    top_mhz = min(each.top_khz for each in ranges) // 1000
    if low_mhz > top_mhz:
        return ()
    between = (low_mhz + (top_mhz - low_mhz) * i / (_SPACED - 1) for i in range(1, _SPACED - 1))
    inner = {round(mhz / _STEP_MHZ) * _STEP_MHZ for mhz in between}
    return tuple(sorted({low_mhz, top_mhz, *(m for m in inner if low_mhz < m < top_mhz)}))


def _by_policy(snapshot: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, text in snapshot.items():
        policy, _, name = key.partition("/")
        if name:
            found.setdefault(policy, {})[name] = text
    return found

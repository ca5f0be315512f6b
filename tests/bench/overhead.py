"""Prints what a configuration costs beyond warm-up, window and lead-out, and where it goes.

    python -m tests.bench.overhead

Once in real time, on two hosts that are this machine, with wall meters on a socket; once in board
time, on emulated boards. Baselines, cool-down and control runs are left out.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dynasplit.audit import audit_live
from dynasplit.core.space import Knob, SearchSpace
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed import ssh
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.gates.base import gates
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.opening import ssh_testbed
from dynasplit.testbed.ssh import SshTestbed
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules
from tests.gpm import Instrument

CONFIGURATIONS = 24
RULES = WindowRules(min_window_s=1.0, max_window_s=1.0)
METERS = ("make_ready", "traces")
ENERGY = EnergyRules(min_samples=2, max_gap_periods=30, baseline_s=2.0)  # of a busy machine too
EVERY = GateRules(dict.fromkeys(gates(), "warn"))


class Varying(Instrument):
    """A wall meter whose readings are never the same."""

    def power(self) -> bytes:
        """A new one each time."""
        return f"{17 + self.asked % 97 / 1000:.5E}".encode()


@dataclass
class Spent:
    """What a search cost beside its runs, from their first inference to their last, in s.

    Attributes:
        each: of each configuration, in the testbed's time.
        whole_s: of the whole search in real time, a configuration's share.
        set_s: board time that the profile has knobs change in, and until the next whole second, at
            which boards begin a run; it is within `each`.
        parts_s: of each step, by its name, all together; of the order what is beyond the run.
    """

    each: list[float] = field(default_factory=list)
    whole_s: float = 0.0
    set_s: list[float] = field(default_factory=list)
    parts_s: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Measure and print."""
    for where, found in (("real time", real()), ("board time", boards())):
        low, median, high = statistics.quantiles(found.each, n=4)
        print(f"{where}: {median:.3f} s a configuration (quartiles {low:.3f}, {high:.3f})")
        if found.set_s:
            own_s = statistics.median(own(found))
            print(f"  less changes of knobs and the wait for a whole second: {own_s:.3f} s")
        print(f"  the whole search, in real time {found.whole_s:.3f} s a configuration")
        for name, took_s in found.parts_s.items():
            print(f"  of it {name:<12} {took_s / len(found.each):.3f} s")


def own(found: Spent) -> list[float]:
    """Board time of each configuration that neither the profile nor a board's clock asks for."""
    return [each - set_s for each, set_s in zip(found.each, found.set_s, strict=True)]


def real(configurations: int = CONFIGURATIONS) -> Spent:
    """On this machine, by its own clock."""
    with contextlib.ExitStack() as stack:
        meters = [Varying(), Varying()]
        for meter in meters:
            stack.callback(meter.close)
        edge, cloud = (
            HostAddress(meters=(MeterSpec("gpm8213", {"resource": m.resource}),)) for m in meters
        )
        hosts = stack.enter_context(loopback_hosts(edge, cloud))
        space = SearchSpace.build(range(8), 7, [Knob("batch_size", (1, 2, 4))])
        return searched(hosts, space, configurations)


def boards(configurations: int = CONFIGURATIONS) -> Spent:
    """On emulated boards, whose profile says what a change of knobs takes."""
    edge = HostAddress(knobs=("cpu_mhz", "edge_accelerator"), meters=(MeterSpec("board"),))
    cloud = HostAddress(knobs=("cloud_gpu",), meters=(MeterSpec("board"),))
    with loopback_hosts(edge, cloud, profile="quick") as hosts:
        knobs = [
            Knob("cpu_mhz", (600, 1800)),
            Knob("edge_accelerator", ("off", "max"), "edge", "off"),
            Knob("cloud_gpu", (False, True), "cloud", False),
        ]
        return searched(hosts, SearchSpace.build(range(8), 7, knobs), configurations)


def searched(
    hosts: tuple[HostAddress, HostAddress], space: SearchSpace, configurations: int
) -> Spent:
    """Some of a space's configurations, each once."""
    manifest = prepare(PrepareOrder("digits_cnn", images=12), lambda _text: None)
    settings = OfflineSettings(
        budget=Budget(configurations=configurations), front_repeats=0, audit=audit_live
    )
    spent = Spent()
    with (
        tempfile.TemporaryDirectory() as folder,
        ssh_testbed(*hosts, manifest, RULES, ENERGY, Path(folder), EVERY) as testbed,
        contextlib.closing(Journal(Path(folder) / "journal.jsonl")) as journal,
    ):
        testbed.measure(space.configurations[0], stream="first")
        with watched(testbed, spent) as runs_s:
            began_s = time.monotonic()
            search_front(space, search.build("grid"), testbed, journal, settings)
            spent.whole_s = (time.monotonic() - began_s - sum(runs_s)) / len(spent.each)
    return spent


@contextlib.contextmanager
def watched(testbed: SshTestbed, spent: Spent) -> Iterator[list[float]]:
    """Times of a testbed's steps, while the context lasts; yields those of its runs."""
    runs_s: list[float] = []
    began_ns: list[int] = []
    ordered, measure = testbed._ordered, testbed.measure

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def inside(*args: Any, **more: Any) -> Any:
            began_s = time.monotonic()
            found = step(*args, **more)
            spent.parts_s[name] = spent.parts_s.get(name, 0.0) + time.monotonic() - began_s
            return found

        return inside

    def of_run(order: Any) -> Any:
        began_s = time.monotonic()
        report, samples = ordered(order)
        took_s, every = time.monotonic() - began_s, report.inferences
        run_s = (every[-1].end_ns - every[0].start_ns) / 1e9
        is_real = testbed.source == "measured"
        if not is_real:
            before_s = (every[0].start_ns - began_ns[-1]) / 1e9
            spent.set_s.append(before_s)
        runs_s.append(run_s if is_real else took_s)
        spent.each.append(-run_s)
        spent.parts_s["order"] = spent.parts_s.get("order", 0.0) + took_s - runs_s[-1]
        return report, samples

    def of_configuration(*args: Any, **more: Any) -> Any:
        began_s = time.monotonic()
        began_ns.append(testbed._board_ns or 0)
        found = measure(*args, **more)
        took_s = time.monotonic() - began_s
        spent.each[-1] += took_s if testbed.source == "measured" else found.testbed_time_s
        return found

    with contextlib.ExitStack() as patched:
        for where, name in (
            *((ssh, n) for n in ("offsets_now", "keep_traces", "judge", "energies_of")),
            *((testbed, n) for n in ("_set_cloud", "_judge", "_know_idle")),
            *((h.meters, n) for h in (testbed.edge, testbed.cloud) for n in METERS),
            (testbed._around, "since"),
            (testbed._around, "window"),
        ):
            step = timed(name, getattr(where, name))
            patched.enter_context(patch.object(where, name, step))
        patched.enter_context(patch.object(testbed, "_ordered", of_run))
        patched.enter_context(patch.object(testbed, "measure", of_configuration))
        yield runs_s


if __name__ == "__main__":
    main()

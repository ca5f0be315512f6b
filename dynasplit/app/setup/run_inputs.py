"""The inputs of a run and of its phases: plain values, resolved from the configuration once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from dynasplit.core.measurement import Measurement, ServingTestbed, Summary, summarise
from dynasplit.core.provenance import is_imagined, rest_words
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.budget import Budget
from dynasplit.offline.search.base import Algorithm
from dynasplit.run.identity import Determining
from dynasplit.tables import RunsTable
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import Profile
from hosts.models.prepared.manifest import Manifest
from hosts.wire.window_rules import WindowRules


def with_faults(faults: Iterable[str]) -> list[str]:
    """What is to be said of figures of hosts with faults; nothing without."""
    return [f"with the fault {fault}" for fault in faults]


@dataclass(frozen=True, kw_only=True)
class TestbedInputs:
    """The inputs of a testbed: network, search space, profile or runs, hosts.

    Attributes:
        network: the network's name.
        space: the valid configurations.
        seed: of emulated noise, and of draws from recorded runs.
        rules: what a window must hold. energy: how energy is counted.
        gates: what a window must pass to be believed.
        upkeep: what is done between measurements.
        profile: the physical model of the hosts; None: there is none.
        runs: the recorded runs that answer; None: hosts or a profile do.
        manifest: the prepared network; None: it is not computed.
        is_predicted: the network's timings follow from its multiply-accumulates alone.
        is_made_up: the profile that answers is of no hosts that exist.
        is_of_profile: a profile answers; else it only tells what may be expected of hosts.
        mode: measured for `latency` or for `throughput`; None: the runs do not say.
        edge: the edge host's address, knobs and meters. cloud: likewise.
        speedup: paces emulated hosts at so many times real time; None: as fast as it goes.
        faults: that emulated hosts were given, in words.
    """

    network: str
    space: SearchSpace
    seed: int = 0
    rules: WindowRules = field(default_factory=WindowRules)
    energy: EnergyRules = field(default_factory=EnergyRules)
    gates: GateRules = field(default_factory=GateRules)
    upkeep: UpkeepRules = field(default_factory=UpkeepRules)
    profile: Profile | None = None
    runs: RunsTable | None = None
    manifest: Manifest | None = None
    is_predicted: bool = False
    is_made_up: bool = False
    is_of_profile: bool = False
    mode: str | None = "latency"
    edge: HostAddress = field(default_factory=HostAddress)
    cloud: HostAddress = field(default_factory=HostAddress)
    speedup: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_imagined(self) -> bool:
        """True if figures come from a model of hosts instead of hosts."""
        if self.runs is not None:
            return is_imagined(self.runs.source)
        return self.manifest is None

    @property
    def remarks(self) -> str:
        """The caveats that figures state, some in lines of their own; empty: none."""
        made_up = "made-up hosts" if self.is_made_up else ""
        predicted = f"{self.predicted_words} from multiply-accumulates" if self.is_predicted else ""
        pipelined = "throughput mode: latencies hold waiting" if self.mode == "throughput" else ""
        plain = ", ".join(filter(None, (made_up, predicted, pipelined)))
        return "\n".join(filter(None, (plain, *self.told)))

    @property
    def predicted_words(self) -> str:
        """The timings of a network that are predicted."""
        is_measured = self.profile is not None and self.network in self.profile.tails
        return "heads' timings predicted, tails measured" if is_measured else "timings predicted"

    @property
    def told(self) -> tuple[str, ...]:
        """What needs lines of its own in figures and tables: faults, and what was not measured."""
        if self.runs is not None:
            return self.runs.told
        return (*with_faults(self.faults), *filter(None, [self.boundary]))

    @property
    def boundary(self) -> str:
        """What the cloud's energy leaves out, where a profile answers; empty: nothing."""
        rest_w = self.profile.cloud.rest_w if self.is_of_profile and self.profile else None
        return "" if rest_w is None else rest_words(f"{rest_w:g}")

    @property
    def artifacts(self) -> dict[str, str]:
        """The SHA-256 of the network's files, and of its timings where they were predicted."""
        files = self.manifest.artifacts if self.manifest else {}
        found = {name: artifact.sha256 for name, artifact in files.items()}
        if self.is_predicted:
            timings = hashlib.sha256(msgspec.json.encode(self.profile)).hexdigest()
            found["predicted_timings"] = timings
        return found

    @cached_property
    def predictions(self) -> tuple[Measurement, ...]:
        """Each configuration as the profile has it, without noise; nothing without a profile."""
        if self.profile is None:
            return ()
        quiet = msgspec.structs.replace(self.profile, noise=Noise())
        testbed = ModelledTestbed(
            quiet,
            self.network,
            rules=WindowRules(mode=self.mode or "latency"),
            accounting=self.energy.accounting,
        )
        return tuple(testbed.measure(c) for c in self.space.configurations)

    @property
    def latencies_ms(self) -> list[float]:
        """Each configuration's, by the recorded runs' medians or the profile; else nothing."""
        if self.runs is not None:
            return [float(v) for v in self.runs.quantiles("latency_ms")]
        return [m.latency_ms for m in self.predictions]

    def grid(self) -> dict[Configuration, Summary] | None:
        """Each configuration's figures, by the recorded runs or the profile; None without both."""
        if self.runs is not None:
            return {s.configuration: s for s in self.runs.summaries()}
        return {s.configuration: s for s in summarise(self.predictions)} or None

    def reference(self) -> ParetoFront | None:
        """The exhaustive grid's front, by the recorded runs or the profile; None without both."""
        if self.runs is not None:
            return ParetoFront.of_runs(self.runs)
        if not self.predictions:
            return None
        return ParetoFront.build(
            self.predictions,
            model=self.network,
            last_split_point=self.space.last_split_point,
            source="modelled",
            accounting=self.energy.accounting.label,
        )


TestbedInputs.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test class


class Opener(Protocol):
    """The part of a `HostsKind` that a run needs: it opens the testbed.

    Attributes:
        name: the kind.
    """

    name: ClassVar[str]

    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[ServingTestbed]:
        """The testbed, for as long as the context lasts.

        Args:
            inputs: what it is opened with.
            folder: where logs and traces are kept.
            earlier: what an earlier start of the run has measured.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class OfflineInputs:
    """The inputs of the offline phase: algorithm, budget, repeats.

    Attributes:
        algorithm: with its options.
        budget: when the search ends.
        front_repeats: further runs of each member of the front and of the baselines.
    """

    algorithm: Algorithm
    budget: Budget
    front_repeats: int


@dataclass(frozen=True, kw_only=True)
class OnlineInputs:
    """The inputs of the online phase: policies and requests.

    Attributes:
        policies: their names, each with its options.
        workload: the kind of workload. workload_options: its own.
        requests: how many; None: all that are stated.
        serve: by one inference each (`request`), or by a measured `window`.
    """

    policies: Mapping[str, Mapping[str, Any]]
    workload: str
    workload_options: Mapping[str, Any] = field(default_factory=dict)
    requests: int | None = None
    serve: str = "request"


@dataclass(frozen=True, kw_only=True)
class RecordInputs:
    """The run's record: results folder, identity, tracking.

    Attributes:
        experiment: the experiment's name.
        results_dir: results appear in it.
        resume: an unfinished run of the same campaign is continued, and what a finished one
            measured is taken over; a folder: what that run measured is taken over.
        configuration: what determines the result, as plain values.
        files: those that it names and the result depends on.
        campaign: what determines what the offline phase measures.
        online: what determines who serves which requests.
        by_path: both, as older runs have them, where files were known by their paths too.
        measured_otherwise: says of the configuration that another run's record keeps what would
            be measured otherwise here.
        tracking: `mlflow`, `server` or `none`. tracking_uri: of its store.
        system_metrics: the controller's own figures are recorded too.
        command: the words of the command line, without passwords.
        content: hash of all that is asked for and the result depends on; empty: not known.
        sweep: the name of the sweep that it is a job of; empty: of none.
        study_uri: of an Optuna storage that shows the search; None: none does.
    """

    experiment: str
    results_dir: Path
    resume: bool | Path
    configuration: Mapping[str, Any]
    files: Sequence[Path]
    campaign: Determining
    online: Determining
    by_path: tuple[Determining, Determining]
    tracking: str
    tracking_uri: str
    system_metrics: bool = False
    study_uri: str | None = None
    command: Sequence[str] = ()
    content: str = ""
    sweep: str = ""
    measured_otherwise: Callable[[Mapping[str, Any]], Sequence[str]] = lambda _before: ()


@dataclass(frozen=True, kw_only=True)
class RunInputs:
    """All that a run of the two phases needs.

    Attributes:
        seed: of search, workload and emulated noise.
        retry: what is done about transient errors, in both phases.
        hosts: opens the testbed.
        testbed: what it is opened with.
        offline: how to search.
        given_front: a front to serve from instead of searching; None: it is searched for.
        online: who serves which requests.
        record: where the run is kept.
        draws_figures: as its phases end.
    """

    seed: int
    retry: RetryPolicy
    hosts: Opener
    testbed: TestbedInputs
    offline: OfflineInputs
    given_front: ParetoFront | None
    online: OnlineInputs
    record: RecordInputs
    draws_figures: bool = True

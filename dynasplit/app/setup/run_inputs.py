"""What is known of a run before anything is started: its network, its space, its profile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import msgspec

from dynasplit.app.setup.describe_splits import predicted_profile, silent
from dynasplit.app.setup.local_machine import offer_here
from dynasplit.app.setup.search_space import (
    build_space,
    offer_of_hosts,
    offer_of_profile,
    sending_knobs,
    space_of_runs,
)
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import SearchSpace
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import RunsTable, read_runs
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.core.errors import BoardError
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import Profile, load_profile
from hosts.models.networks.base import Progress
from hosts.models.runtime.manifest import Manifest


@dataclass(frozen=True)
class Ground:
    """What a run stands on.

    Attributes:
        network: the network's name.
        space: the valid configurations.
        profile: the physical model of the hosts; None: there is none.
        runs: the recorded runs that answer; None: hosts or a profile do.
        manifest: the prepared network; None: it is not computed.
        is_predicted: whether the network's timings follow from its multiply-accumulates alone.
        is_made_up: whether the profile that answers is of no hosts that exist.
        mode: whether it is measured for `latency` or for `throughput`; None: the runs do not say.
    """

    network: str
    space: SearchSpace
    profile: Profile | None = None
    runs: RunsTable | None = None
    manifest: Manifest | None = None
    is_predicted: bool = False
    is_made_up: bool = False
    mode: str | None = "latency"

    @property
    def is_imagined(self) -> bool:
        """Whether what answers without hosts has its figures from a model of hosts."""
        if self.runs is not None:
            return self.runs.source in ("emulated", "modelled")
        return self.manifest is None

    @property
    def remarks(self) -> str:
        """What figures have to say besides where their numbers come from; empty: nothing."""
        made_up = "made-up hosts" if self.is_made_up else ""
        predicted = "timings predicted from multiply-accumulates" if self.is_predicted else ""
        pipelined = "throughput mode: latencies hold waiting" if self.mode == "throughput" else ""
        return ", ".join(filter(None, (made_up, predicted, pipelined)))

    @property
    def artifact_hashes(self) -> list[str]:
        """Of the network's files, and of its timings where they were predicted."""
        files = [a.sha256 for a in self.manifest.artifacts.values()] if self.manifest else []
        if not self.is_predicted:
            return files
        return [*files, hashlib.sha256(msgspec.json.encode(self.profile)).hexdigest()]

    @cached_property
    def predictions(self) -> tuple[Measurement, ...]:
        """Each configuration as the profile has it, without noise; nothing without a profile."""
        if self.profile is None:
            return ()
        quiet = msgspec.structs.replace(self.profile, noise=Noise())
        testbed = ModelledTestbed(quiet, self.network, mode=self.mode or "latency")
        return tuple(testbed.measure(c) for c in self.space.configurations)

    @property
    def latencies_ms(self) -> list[float]:
        """Each configuration's, by the recorded runs' medians or the profile; else nothing."""
        if self.runs is not None:
            return [float(v) for v in self.runs.quantiles("latency_ms")]
        return [m.latency_ms for m in self.predictions]

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
        )


def ground_of(
    config: Config, manifest: Manifest | None = None, progress: Progress = silent
) -> Ground:
    """Find out what a run would stand on.

    Args:
        config: what is asked for.
        manifest: the prepared network; None: not needed, or not prepared yet.
        progress: is told what takes long.

    Raises:
        ConfigurationError: the profile or the space cannot be. DataError: the runs cannot be read.
    """
    if config.hosts.kind == "recorded":
        return _recorded(config)
    named = config.hosts.profile
    profile = None if named is None else profile_of(named, "hosts.profile")
    predicted = profile is not None and config.model.label not in profile.networks
    if profile is not None:
        if predicted:
            profile = predicted_profile(profile, config, progress)
        last = _last(profile, config, manifest)
    elif manifest is not None:
        last = manifest.last_split_point
    else:
        raise ConfigurationError(
            f"how often {config.model.label} can be split is known once it is prepared, or from "
            "a profile: say hosts.profile=NAME|FILE"
        )
    if config.hosts.kind == "local":
        offer = offer_here(config)
    elif config.hosts.kind == "ssh" or profile is None:
        offer = offer_of_hosts(config, profile)
    else:
        offer = offer_of_profile(profile, config.model.label)
    more = sending_knobs(config, profile)
    answers = config.hosts.kind in ("emulated", "modelled")
    space = build_space(offer, config.space, config.model.split_points, last, more)
    return Ground(
        config.model.label,
        space,
        profile,
        manifest=manifest,
        is_predicted=predicted and answers,
        is_made_up=profile is not None and profile.made_up and answers,
        mode=config.measure.mode,
    )


def is_known_early(config: Config) -> bool:
    """Whether what a run stands on is known before its network is prepared."""
    if config.hosts.kind == "local":
        return False
    return config.hosts.kind == "recorded" or config.hosts.profile is not None


def _last(profile: Profile, config: Config, manifest: Manifest | None) -> int:
    """The network's last split point, on which profile and prepared network must agree."""
    timings = profile.networks[config.model.label]
    if manifest is not None and manifest.last_split_point != timings.last_split_point:
        raise ConfigurationError(
            f"model={config.model.label} has split points 0..{manifest.last_split_point}; profile "
            f"{profile.name} has timings for 0..{timings.last_split_point}"
        )
    return timings.last_split_point


def _recorded(config: Config) -> Ground:
    runs = read_runs(str(config.runs))
    space = space_of_runs(runs, config.space, config.model.split_points)
    return Ground(runs.model or config.model.label, space, runs=runs, mode=runs.mode)


def profile_of(named: str, key: str) -> Profile:
    """A profile by name or file; `key` is the option that names it.

    Raises:
        ConfigurationError: there is none, or its file does not say what it must.
    """
    try:
        return load_profile(named)
    except BoardError as error:
        raise ConfigurationError(f"{key}={named}: {error}") from error

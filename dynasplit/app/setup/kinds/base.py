"""A kind of hosts: how its options are completed and checked, what it offers, how it is opened."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from dynasplit.app.setup.describe_splits import predicted_profile, profile_of, with_rest
from dynasplit.app.setup.network_order import order_of
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.app.setup.search_space import (
    Asked,
    AvailableKnobs,
    available_of_profile,
    build_space,
    control_of,
    order_knobs,
)
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement, ServingTestbed
from dynasplit.core.space import SearchSpace
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.upkeep import CONTROL_EVERY, COOL_DOWN_C, UpkeepRules
from hosts.emulation.profile import Profile
from hosts.models import runtimes
from hosts.models.networks.base import Progress, graph_of
from hosts.models.prepare.prepare import PrepareOrder
from hosts.models.prepared.manifest import Manifest
from hosts.wire.window_rules import WindowRules

WARM_UP_S = 30.0
"""The longest warm-up that waits for steady latencies, on machines."""


def _metered(config: Config) -> Config:
    """With the meter of both hosts put into each, where one is asked for."""
    if config.hosts.meter is None:
        return config
    return replace(config, hosts=config.hosts.with_meter())


def _of_network(config: Config) -> Config:
    """With the runtime of both hosts put in, where the network leaves no choice.

    Raises:
        ConfigurationError: the one asked for does not compute such networks.
    """
    graph = graph_of(config.model.name)
    for role in ("edge", "cloud"):
        asked = getattr(config.hosts, role).runtime
        able = runtimes.for_role(role, graph)
        if asked not in (runtimes.AUTO, *able):
            raise ConfigurationError(
                f"hosts.{role}.runtime={asked} with model={config.model.name}, a network of "
                f"{runtimes.TITLES[graph]}; allowed: {runtimes.AUTO}, {', '.join(able)}"
            )
        if asked == runtimes.AUTO and able[0] != runtimes.for_role(role)[0]:
            host = replace(getattr(config.hosts, role), runtime=able[0])
            config = replace(config, hosts=replace(config.hosts, **{role: host}))
    return config


class HostsKind(ABC):
    """One kind of hosts, for one configuration.

    Attributes:
        name: the kind, as `hosts.kind` has it: the name of its file.
        computes: a network is prepared and really computed.
        is_answered_by_profile: times and energies come from the profile.
        is_one_machine: edge and cloud are meant to be one machine.
        is_looked_at_first: each experiment begins with a quick look at the hosts.
        is_real: its hosts are machines, which drift and warm up.
        has_one_set: there is one set of hosts, which measures for one run at a time.
        config: the configuration, completed with what it leaves open.
    """

    name: ClassVar[str]
    computes: ClassVar[bool] = True
    is_answered_by_profile: ClassVar[bool] = False
    is_one_machine: ClassVar[bool] = False
    is_looked_at_first: ClassVar[bool] = False
    is_real: ClassVar[bool] = False
    has_one_set: ClassVar[bool] = True

    def __init__(self, config: Config) -> None:
        self.config = self.complete(self._ordered(_metered(_of_network(config))))

    def _ordered(self, config: Config) -> Config:
        """With the order of a grid on machines, which is a part of the run's identity."""
        if not self.is_real or config.search.algorithm != "grid" or config.measure.order:
            return config
        return replace(config, measure=replace(config.measure, order="blocks"))

    def complete(self, config: Config) -> Config:
        """The configuration with what this kind finds out by itself filled in."""
        return config

    @abstractmethod
    def check(self) -> None:
        """Refuse what this kind cannot do, before anything starts.

        Raises:
            ConfigurationError: what was asked, what is allowed.
        """

    def remarks(self) -> list[str]:
        """Lines for the terminal: what the hosts are, and what they lack."""
        return []

    @property
    def order(self) -> PrepareOrder:
        """The order to prepare the network and its images.

        Raises:
            ConfigurationError: there is no such network, data set, or weights.
        """
        return order_of(self.config)

    @property
    def asked_knobs(self) -> Asked:
        """The knob values that may be searched."""
        return dataclasses.asdict(self.config.space)

    @property
    def is_known_early(self) -> bool:
        """The search space is known before the network is prepared: from a profile, or runs."""
        return self.config.hosts.profile is not None

    @property
    def measures_energy(self) -> bool:
        """False where hosts have no meter at all."""
        return True

    @abstractmethod
    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knob values that these hosts have."""

    def inputs(self, manifest: Manifest | None, progress: Progress) -> TestbedInputs:
        """The inputs that a testbed of this kind is opened with.

        Args:
            manifest: the prepared network; None: not needed, or not prepared yet.
            progress: is told what takes long.

        Raises:
            ConfigurationError: the profile or the space cannot be. DataError: the runs cannot
                be read.
        """
        asked, network = self.config, self.config.model.label
        named = asked.hosts.profile
        profile = None if named is None else profile_of(named, "hosts.profile")
        profile = profile and with_rest(profile, asked.hosts.cloud_rest_w)
        is_predicted = profile is not None and network not in profile.networks
        if profile is not None and is_predicted:
            profile = predicted_profile(profile, self.order, network, progress)
        last = _last_split_point(network, profile, manifest)
        costs = profile if self.is_answered_by_profile else None
        knobs = order_knobs(dataclasses.asdict(asked.measure), self.asked_knobs, costs)
        space = build_space(
            self.available(profile), self.asked_knobs, asked.model.split_points, last, knobs
        )
        return TestbedInputs(
            network=network,
            space=space,
            seed=asked.hosts_seed,
            rules=self.rules(),
            energy=self.energy_rules(),
            gates=self.gate_rules(),
            upkeep=self.upkeep_rules(space),
            profile=profile,
            manifest=manifest,
            is_predicted=is_predicted and self.is_answered_by_profile,
            is_made_up=profile is not None and profile.made_up and self.is_answered_by_profile,
            is_of_profile=profile is not None and self.is_answered_by_profile,
            mode=asked.measure.mode,
            speedup=asked.hosts.speedup,
        )

    def rules(self) -> WindowRules:
        """The rules of a measured window: the options of `measure` of the same names."""
        asked = self.config.measure
        named = {name: getattr(asked, name) for name in WindowRules.__struct_fields__}
        if named["max_warmup_s"] is None:
            named["max_warmup_s"] = WARM_UP_S if self.is_real else 0.0
        return WindowRules(**named)

    def upkeep_rules(self, space: SearchSpace) -> UpkeepRules:
        """What is done between measurements: where the configuration leaves it open, on machines.

        Raises:
            ConfigurationError: the control is not in the space.
        """
        asked, real = self.config.measure, self.is_real
        every, band_c = asked.control_every, asked.cool_down_c
        return UpkeepRules(
            control=control_of(asked.control, space),
            control_every=(CONTROL_EVERY if real else None) if every is None else every or None,
            cool_down_c=COOL_DOWN_C if band_c is None and real else band_c,
            cool_down_limit_s=asked.cool_down_limit_s,
            baseline_states=asked.baseline_states is not False,
        )

    def energy_rules(self) -> EnergyRules:
        """The rules of energy accounting: options of `measure`, and those of `energy`."""
        asked = self.config.measure
        return EnergyRules(
            min_samples=asked.min_samples,
            max_gap_periods=asked.max_gap_periods,
            baseline_s=asked.baseline_s,
            baseline_every=asked.baseline_every,
            accounting=self.config.energy.rule,
            stated_idle_w=self.config.energy.stated_idle_w,
        )

    def gate_rules(self) -> GateRules:
        """Each gate's action and thresholds: the options of `measure.gates`."""
        asked: dict[str, Any] = dataclasses.asdict(self.config.measure.gates)
        every = asked.pop("every")
        actions = {name: options.pop("action") for name, options in asked.items()}
        return GateRules(
            actions={name: every or action for name, action in actions.items()},
            limits={
                name: {k: v for k, v in o.items() if k != "action"} for name, o in asked.items()
            },
        )

    def up(
        self, inputs: TestbedInputs | None, folder: Path
    ) -> AbstractContextManager[tuple[HostAddress, HostAddress]]:
        """Edge and cloud as hosts that SSH reaches, for as long as the context lasts.

        Args:
            inputs: those of hosts that are answered by a profile; None: not known yet.
            folder: the run's.

        Raises:
            ConfigurationError: this kind has no hosts.
        """
        raise ConfigurationError(
            f"hosts={self.name}: there are no hosts to look at; allowed: emulated, local, or "
            "hosts of your own (hosts.kind=ssh)"
        )

    @abstractmethod
    def open(
        self, inputs: TestbedInputs, folder: Path, earlier: Sequence[Measurement] = ()
    ) -> AbstractContextManager[ServingTestbed]:
        """The testbed, for as long as the context lasts.

        Args:
            inputs: what it is opened with.
            folder: where logs and traces are kept.
            earlier: what an earlier start of the run has measured.
        """


class HostsOfProfile(HostsKind):
    """Hosts whose times and energies come from a profile."""

    is_answered_by_profile: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a configuration without a profile."""
        if self.config.hosts.profile is None:
            raise ConfigurationError(
                f"hosts={self.name} needs a profile: say hosts.profile=NAME or FILE"
            )

    def available(self, profile: Profile | None) -> AvailableKnobs:
        """The knob values of the profile's boards."""
        assert profile is not None
        return available_of_profile(profile, self.config.model.label)


def _last_split_point(network: str, profile: Profile | None, manifest: Manifest | None) -> int:
    """The network's last split point, on which profile and prepared network must agree."""
    if profile is None and manifest is None:
        raise ConfigurationError(
            f"how often {network} can be split is known once it is prepared, or from a profile: "
            "say hosts.profile=NAME|FILE"
        )
    if profile is None:
        assert manifest is not None
        return manifest.last_split_point
    timings = profile.networks[network]
    if manifest is not None and manifest.last_split_point != timings.last_split_point:
        raise ConfigurationError(
            f"model={network} has split points 0..{manifest.last_split_point}; profile "
            f"{profile.name} has timings for 0..{timings.last_split_point}"
        )
    return timings.last_split_point

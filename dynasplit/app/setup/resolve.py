"""From the configuration to the plain inputs of a run: the one place that reads it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.app.cli.asked import ASKED, SWEEP
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.content_hash import content_of
from dynasplit.app.setup.describe_splits import profile_files
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.network_order import order_of
from dynasplit.app.setup.phases import built_policies, check_front, thresholds_of
from dynasplit.app.setup.prepare_model import prepared
from dynasplit.app.setup.run_inputs import (
    OfflineInputs,
    OnlineInputs,
    RecordInputs,
    RunInputs,
    TestbedInputs,
)
from dynasplit.config.input_files import without_places
from dynasplit.config.load import campaign, determining, measured_otherwise, online
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement
from dynasplit.core.passwords import masked
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline import search
from dynasplit.offline.budget import Budget
from dynasplit.offline.search import Algorithm
from dynasplit.online import policies
from dynasplit.online.workloads import Known
from dynasplit.recorder import sqlite_uri
from dynasplit.run.identity import Determining
from dynasplit.testbed.retry import RetryPolicy
from hosts.models.networks.base import Progress
from hosts.models.prepared.manifest import Manifest

_ANY_MS = (1e-9, 1e12)
"""Stand for the latencies known where options are only looked at."""


def check_early(hosts: HostsKind) -> None:
    """Refuse what is known to be impossible before anything is prepared or started.

    Raises:
        DynaSplitError: what was asked, what was found, what is allowed.
    """
    hosts.check()
    if hosts.computes:
        order_of(hosts.config)
    if hosts.is_known_early:
        check_policies(run_inputs(hosts))
        return
    offline_inputs(hosts.config)
    asked = online_inputs(hosts.config)
    if hosts.config.front is None and not hosts.measures_energy:
        _check_without_energy(asked)
    if hosts.config.front is not None:
        by = hosts.config.energy.rule.label
        ParetoFront.load(hosts.config.front, model=hosts.config.model.label, accounting=by)


def _check_without_energy(asked: OnlineInputs) -> None:
    """Refuse a run all of whose policies choose by energy, where no meter is."""
    one = Measurement(configuration=Configuration.of(0), source="measured", latency_ms=1.0)
    front = ParetoFront.build(
        [one],
        model=None,
        last_split_point=0,
        source="measured",
        cloud_only=one.configuration,
        edge_only=one.configuration,
    )
    reasons = policies.available(front)
    if all(reasons.get(name) for name in asked.policies):
        allowed = ", ".join(name for name, reason in reasons.items() if reason is None)
        raise ConfigurationError(
            f"policies=[{','.join(asked.policies)}]: they choose by energy, and no host has a "
            f"meter; allowed: also {allowed}; or a meter (hosts.edge.meter)"
        )


def check_policies(inputs: RunInputs) -> None:
    """Refuse policies whose options no front can meet, where that is known before the search.

    It is where a front is given, or where all that can be measured is known.

    Raises:
        ConfigurationError: a policy's, naming what was asked and the best that there is.
    """
    front = inputs.given_front
    if front is None and (inputs.testbed.runs is not None or inputs.testbed.is_imagined):
        front = inputs.testbed.reference()
    if front is not None:
        built_policies(inputs.online.policies, front)


def prepared_inputs(hosts: HostsKind, terminal: Terminal) -> RunInputs:
    """A run's inputs; its network is made ready if the hosts compute one.

    Raises:
        ConfigurationError: the run as asked for cannot be. DataError: a file cannot be used.
    """
    manifest = None
    if hosts.computes:
        manifest = prepared(hosts.order, hosts.config.model.label, terminal)
    return run_inputs(hosts, manifest, terminal.say)


def run_inputs(
    hosts: HostsKind, manifest: Manifest | None = None, progress: Progress = print
) -> RunInputs:
    """A run's inputs, as far as they are known without preparing a network.

    Args:
        hosts: the kind of hosts, with the completed configuration.
        manifest: the prepared network; None: not needed, or not prepared yet.
        progress: is told what takes long.

    Raises:
        ConfigurationError: the run as asked for cannot be. DataError: a file cannot be used.
    """
    config = hosts.config
    offline = offline_inputs(config)
    testbed = hosts.inputs(manifest, progress)
    return RunInputs(
        seed=config.seed,
        retry=RetryPolicy(
            config.measure.retries, config.measure.retry_wait_s, config.measure.outage_s
        ),
        hosts=hosts,
        testbed=testbed,
        offline=offline,
        given_front=_given_front(config, testbed),
        online=online_inputs(config),
        record=record_inputs(config),
        draws_figures=config.figures.draw,
    )


def offline_inputs(config: Config) -> OfflineInputs:
    """The search algorithm with its options, and when it ends.

    Raises:
        ConfigurationError: it has no such option, or cannot follow the budget.
    """
    asked, algorithm = config.search, search_algorithm(config)
    if asked.min_gain is not None and not algorithm.states_gain:
        able = [name for name in search.names() if search.build(name).states_gain]
        raise ConfigurationError(
            f"search.min_gain={asked.min_gain}; search {asked.algorithm} does "
            f"not say what it expects to gain; these do: {', '.join(able) or 'none'}"
        )
    return OfflineInputs(
        algorithm=algorithm, budget=budget_of(config), front_repeats=asked.front_repeats
    )


def search_algorithm(config: Config) -> Algorithm:
    """The search algorithm with its options.

    Raises:
        ConfigurationError: it has no such option, or the option another type.
    """
    asked = config.search
    ordered = {"order": config.measure.order} if config.measure.order is not None else {}
    if asked.algorithm != "grid" and ordered:
        raise ConfigurationError(
            f"measure.order={config.measure.order}; search {asked.algorithm} chooses the order "
            "itself: allowed with search=grid alone"
        )
    algorithm = search.build(asked.algorithm, **{**ordered, **asked.options})
    try:
        msgspec.convert(asked.options, type(algorithm))
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"search.options={asked.options}: {error}") from error
    return algorithm


def budget_of(config: Config) -> Budget:
    """When the search ends; a number of trials replaces the fraction, the grid needs neither."""
    asked = config.search
    whole = asked.trials is not None or asked.algorithm == "grid"
    return Budget(
        configurations=asked.trials,
        fraction=None if whole else asked.fraction,
        testbed_time_s=asked.testbed_time_s,
        min_gain=asked.min_gain,
    )


def online_inputs(config: Config) -> OnlineInputs:
    """The policies with their options, and the requests.

    Raises:
        ConfigurationError: the workload has no such option, or it is out of range.
        DataError: the workload's file cannot be used.
    """
    asked = OnlineInputs(
        policies={name: policy_options(config, name) for name in config.policies},
        workload=config.workload.settled_kind,
        workload_options=config.workload.own_options,
        requests=config.workload.requests,
        serve=config.workload.serve,
    )
    thresholds_of(asked, Known.of(_ANY_MS), config.seed, "network")  # refused before any work
    return asked


def policy_options(config: Config, name: str) -> dict[str, Any]:
    """The options that the configuration gives a policy."""
    given = config.policy
    if name != "dynasplit":
        return {}
    return {
        "quantile": given.quantile,
        "margin": given.margin,
        "energy_tolerance": given.energy_tolerance,
        "max_accuracy_loss": given.max_accuracy_loss,
        "min_fidelity": given.min_fidelity,
    }


def record_inputs(config: Config) -> RecordInputs:
    """The run's results folder, identity and tracking."""
    measured = _files(config.runs, config.hosts.profile)
    served = _files(config.front, config.workload.file)
    measures, serves = campaign(config), online(config)
    return RecordInputs(
        experiment=config.name,
        results_dir=Path(config.results_dir),
        resume=Path(config.resume) if isinstance(config.resume, str) else config.resume,
        configuration=determining(config),
        files=[*measured, *served, *_files(config.fit.macs)],
        campaign=Determining(
            without_places(measures), [*_files(config.runs), *profile_files(config.hosts.profile)]
        ),
        online=Determining(without_places(serves), served),
        by_path=(Determining(measures, measured), Determining(serves, served)),
        tracking=config.tracking.kind,
        system_metrics=config.tracking.system_metrics,
        tracking_uri=config.tracking.asked_uri
        or sqlite_uri(Path(config.results_dir) / "mlflow.db"),
        study_uri=config.search.storage,
        command=[masked(word) for word in ASKED.get()],
        content=content_of(config),
        sweep=SWEEP.get(),
        measured_otherwise=partial(measured_otherwise, config=config),
    )


def _files(*named: str | None) -> list[Path]:
    """Those of the names that are files."""
    return [Path(name) for name in named if name is not None and Path(name).is_file()]


def _given_front(config: Config, testbed: TestbedInputs) -> ParetoFront | None:
    """The front that is named, all of whose configurations the hosts can be set to."""
    if config.front is None:
        return None
    last = testbed.space.last_split_point
    front = ParetoFront.load(
        config.front,
        model=testbed.network,
        last_split_point=last,
        accounting=testbed.energy.accounting.label,
    )
    check_front(front, testbed.space, config.front)
    return front

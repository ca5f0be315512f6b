"""Checks the values of a configuration, before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.offline import search
from dynasplit.online import policies
from hosts import codecs

Test = Callable[[Any], bool]


def _above(least: float) -> tuple[str, Test]:
    return f"above {least:g}", lambda v: least < v < float("inf")


def _at_least(least: float) -> tuple[str, Test]:
    return f"{least:g} or more", lambda v: least <= v < float("inf")


_RANGES: dict[str, tuple[str, Test]] = {
    "seed": ("from 0 to 4294967295", lambda v: 0 <= v < 2**32),
    "hosts.speedup": _above(0),
    "data.images": _at_least(1),
    "model.calibration_images": _at_least(1),
    "search.fraction": ("above 0, up to 1", lambda v: 0 < v <= 1),
    "search.trials": _at_least(1),
    "search.testbed_time_s": _above(0),
    "search.min_gain": ("above 0, below 1", lambda v: 0 < v < 1),
    "search.front_repeats": _at_least(0),
    "policy.quantile": ("from 0 to 1", lambda v: 0 <= v <= 1),
    "policy.energy_tolerance": ("from 0 to below 1", lambda v: 0 <= v < 1),
    "replay.divisions": _at_least(0),
    "replay.chunk": _at_least(1),
    "replay.keep_requests": _at_least(0),
    "policy.margin": ("from 0, below 10 (a share)", lambda v: 0 <= v < 10),
    "policy.min_accuracy": ("from 0 to 1", lambda v: 0 <= v <= 1),
    "workload.requests": _at_least(1),
    "workload.min_ms": _above(0),
    "workload.max_ms": _above(0),
    "workload.shape": _above(0),
    "measure.batch_size": _at_least(1),
    "measure.min_inferences": _at_least(1),
    "measure.max_inferences": _at_least(1),
    "measure.min_samples": _at_least(2),
    "measure.min_window_s": _at_least(0),
    "measure.max_window_s": _above(0),
    "measure.warmup": _at_least(0),
    "measure.max_gap_periods": _at_least(1),
    "measure.baseline_s": _above(0),
    "measure.relative_ci": ("above 0, below 1", lambda v: 0 < v < 1),
    "measure.retries": _at_least(0),
    "measure.retry_wait_s": _at_least(0),
}
KINDS = ("emulated", "local", "ssh", "modelled", "recorded")
_ON_HOSTS = "two_phase"
"""The plan that is answered by hosts; the others take whatever hosts are named."""
_CHOICES: dict[str, Sequence[str]] = {
    "hosts.kind": KINDS,
    "measure.mode": ("latency", "throughput"),
    "measure.codec": codecs.names(),
    "energy.cloud": ("tail", "gross"),
    "tracking.kind": ("mlflow", "none"),
}


def check(config: Config, plans: Iterable[str]) -> None:
    """Refuse what cannot be.

    Args:
        config: what was asked for.
        plans: the kinds of experiments that there are.

    Raises:
        ConfigurationError: names the key, what was found, and what is allowed.
    """
    for path, (allowed, test) in _RANGES.items():
        value = _at(config, path)
        if value is not None and not test(value):
            raise _refused(path, value, allowed)
    for path, choices in _CHOICES.items():
        _one_of(path, _at(config, path), choices)
    _one_of("plan", config.plan, sorted(plans))
    _one_of("search.algorithm", config.search.algorithm, search.names())
    for name in config.policies:
        _one_of("policies", name, policies.names())
    _check_together(config)
    _check_files(config)


def _check_together(config: Config) -> None:
    if not config.policies or len(set(config.policies)) < len(config.policies):
        raise _refused("policies", config.policies, "at least one, each once")
    low, high = config.workload.min_ms, config.workload.max_ms
    if low is not None and high is not None and low > high:
        raise _refused("workload.min_ms", low, f"up to workload.max_ms={high:g}")
    if config.workload.file is None and config.workload.requests is None:
        raise _refused("workload.requests", None, "1 or more, unless workload.file is given")
    least, most = config.measure.min_inferences, config.measure.max_inferences
    if least > most:
        raise _refused("measure.min_inferences", least, f"up to measure.max_inferences={most}")
    if config.plan == _ON_HOSTS:
        _check_hosts(config)


def _check_hosts(config: Config) -> None:
    if config.hosts.kind == "recorded" and config.runs is None:
        raise ConfigurationError("hosts=recorded answers from a table of runs: say runs=FILE")
    if config.hosts.kind == "recorded":
        for name, plain in (("codec", "none"), ("batch_size", 1)):
            if getattr(config.measure, name) != plain:
                raise ConfigurationError(
                    f"measure.{name}={getattr(config.measure, name)}; hosts=recorded answers with "
                    f"what was measured: leave it out, or narrow it by space.{name}"
                )
    if config.hosts.kind in ("emulated", "modelled") and config.hosts.profile is None:
        raise ConfigurationError(
            f"hosts={config.hosts.kind} needs a profile: say hosts.profile=NAME or FILE"
        )
    if config.hosts.kind == "ssh":
        for role in ("edge", "cloud"):
            if getattr(config.hosts, role).address is None:
                raise ConfigurationError(
                    f"hosts.{role}.address is missing; allowed: a name or address that SSH reaches"
                )


def _check_files(config: Config) -> None:
    for path in ("runs", "front", "workload.file"):
        value = _at(config, path)
        if value is not None and not Path(value).is_file():
            raise _refused(path, value, "a file that exists")


def _at(config: Config, path: str) -> Any:
    value: Any = config
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _one_of(path: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise _refused(path, value, ", ".join(allowed))


def _refused(path: str, value: object, allowed: str) -> ConfigurationError:
    return ConfigurationError(f"{path}={value}; allowed: {allowed}")

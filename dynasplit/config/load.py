"""Loads the typed configuration that Hydra composed, and the part of it that identifies a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from dynasplit.config.input_files import is_same
from dynasplit.config.options.hosts import HostsConf
from dynasplit.config.paths import at_home
from dynasplit.config.rules import settle
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from hosts.core.errors import printable

FREE_OF_RESULT = (
    *("results_dir", "resume", "dry_run", "debug", "tracking", "default_profile", "figures"),
    *("hosts.speedup", "search.storage", "replay.threads"),
)
"""What a run may change without becoming another run."""


FREE_OF_MEASUREMENT = (
    *FREE_OF_RESULT,
    *("policies", "policy", "workload", "front"),
    *("replay", "audit", "fit", "benchmark", "provision"),
    *("measure.retries", "measure.retry_wait_s", "measure.outage_s", "search.front_repeats"),
    *(
        f"hosts.{role}.{key}"
        for role in ("edge", "cloud")
        for key in (
            "address",
            "port",
            "user",
            "key_file",
            "known_hosts",
            "python",
            "link_address",
            "link_port",
        )
    ),
)
"""What a run may change and still go on with what it has measured: how hosts are reached, what is
served from the front, how often is tried again."""
LATER = (
    *("hosts.faults", "hosts.cloud_rest_w", "hosts.meter"),
    *("hosts.edge.runtime", "hosts.edge.tf32", "hosts.cloud.runtime", "hosts.cloud.tf32"),
    *("measure.gates", "measure.baseline_every", "measure.warmup_s"),
    *("measure.control_every", "measure.control", "measure.order", "measure.max_warmup_s"),
    *("measure.cool_down_c", "measure.cool_down_limit_s", "measure.baseline_states"),
    *("workload.slowest_quantile", "workload.thresholds_ms", "workload.classes"),
    "workload.options",
)
"""Options that came later: as they are by default, runs from before are still the same."""
BEFORE_OPTIONS: Mapping[str, Any] = {
    "policy.max_accuracy_loss": None,
    "policy.min_fidelity": None,
    "workload.serve": "window",
}
"""What later options come to in runs from before: as these have them, runs are still the same."""
FIRST_ENERGY = {"cloud": "tail"}
"""What the accounting by default was called: runs from before are still the same."""
_BEFORE = ("reference", "file")
"""The kinds of workload that there were before an option told them apart."""
_FIRST_KNOBS = ("cpu_mhz", "edge_accelerator", "cloud_gpu", "codec", "batch_size")
SERVED_BY = ("policies", "policy", "workload", "front", "seed")
"""What an online phase depends on besides the front that was found."""


def register() -> None:
    """Make the classes known to Hydra, as the schema that `conf/config.yaml` begins with.

    Hydra itself writes below `results_dir` with -m; there `${at_home:...}` puts in the home folder.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    if "schema.yaml" not in store.repo:  # making it takes a fifth of a composition
        store.store(name="schema", node=Config)
    OmegaConf.register_new_resolver("at_home", at_home, replace=True)


def load(composed: DictConfig) -> Config:
    """The typed configuration of what Hydra composed.

    Raises:
        ConfigurationError: a key that does not exist was added, or a value is no text.
    """
    _refuse_strange(OmegaConf.to_container(composed), Config, "")
    if OmegaConf.is_missing(composed, "name"):
        raise ConfigurationError("no experiment was asked for; say +experiment=NAME")
    config = cast(Config, OmegaConf.to_object(composed))
    settle(config)
    _refuse_undecoded(config)
    return config


def determining(config: Config) -> dict[str, Any]:
    """The part of a configuration that determines the result, as plain values."""
    return _without(config, FREE_OF_RESULT)


def campaign(config: Config) -> dict[str, Any]:
    """The part of a configuration that determines what is measured in the offline phase.

    It holds paths of files; `without_places` leaves them out.
    """
    return _without(config, FREE_OF_MEASUREMENT)


def online(config: Config) -> dict[str, Any]:
    """The part of a configuration that determines who serves which requests; with paths too."""
    plain = asdict(config)
    _leave_out_later(config, plain)
    served_by = {name: plain[name] for name in SERVED_BY}
    return served_by | {"front_repeats": config.search.front_repeats}


def measured_otherwise(before: Mapping[str, Any], config: Config) -> list[str]:
    """What another run measured otherwise than this configuration would, in words.

    Args:
        before: its configuration, as `determining` gave it then; an option that came later is
            not in it.
        config: of the run that is asked for.
    """
    free = (*FREE_OF_MEASUREMENT, *("name", "seed", "search", "space"))
    now, then = _flat(asdict(config)), _as_kept(before)
    default = _default()
    return [
        f"{path}={then.get(path, default.get(path))} there, {now.get(path)} here"
        for path in sorted(now.keys() | then.keys())
        if not any(path == one or path.startswith(f"{one}.") for one in free)
        and not is_same(path, then.get(path, default.get(path)), now.get(path))
    ]


def as_asked(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Each option's value by its path, of a configuration that a run's record keeps.

    Args:
        kept: as `determining` gave it then; what came later, or is left out, is as by default.
    """
    then = _as_kept(kept)
    if not then:
        return {}
    groups = {path.rpartition(".")[0] for path in then}
    return {
        path: value
        for path, value in _default().items()
        if path not in FREE_OF_RESULT
        and path not in groups  # empty by default
        and path.rpartition(".")[0] not in then
    } | then


def _as_kept(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of a kept configuration, without what stands for the default."""
    then = _flat(kept)
    for path, value in _flat({"energy": FIRST_ENERGY}).items():
        if then.get(path) == value:
            del then[path]
    return then


@cache
def _default() -> Mapping[str, Any]:
    return _flat(asdict(Config(name="", hosts=HostsConf(kind=""))))


def _flat(plain: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The leaves by their path; what is empty is a leaf too."""
    found: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{where}{key}.")
        else:
            found[f"{where}{key}"] = value
    return found


def _without(config: Config, paths: Sequence[str]) -> dict[str, Any]:
    plain = asdict(config)
    for path in paths:
        *groups, key = path.split(".")
        place = plain
        for group in groups:
            place = place[group]
        del place[key]
    _leave_out_later(config, plain)
    return plain


def _leave_out_later(config: Config, plain: dict[str, Any]) -> None:
    """Leave out what came later and is as runs from before had it."""
    if "workload" in plain and config.workload.settled_kind in _BEFORE:
        del plain["workload"]["kind"]
    default = asdict(Config(name="", hosts=HostsConf(kind="")))
    if plain.get("energy") == default["energy"]:
        plain["energy"] = FIRST_ENERGY
    for path in (*LATER, *(f"space.{n}" for n in plain["space"] if n not in _FIRST_KNOBS)):
        group, *inner = path.split(".")
        if group in plain:
            _drop_same(plain[group], default[group], inner)
    for path, before in BEFORE_OPTIONS.items():
        group, key = path.split(".")
        if group in plain and plain[group][key] == before:
            del plain[group][key]


def _drop_same(place: dict[str, Any], default: Mapping[str, Any], path: Sequence[str]) -> None:
    """Leave out a value, by its path in a group, where it is the default one."""
    key, *inner = path
    if inner:
        _drop_same(place[key], default[key], inner)
    elif place[key] == default[key]:
        del place[key]


def _refuse_undecoded(config: Config) -> None:
    """Paths may hold any bytes; what is no UTF-8 can be kept in no record."""
    for path, value in _flat(asdict(config)).items():
        shown = f"{path}={value}"
        if not shown.isprintable() and printable(shown) != shown:
            raise ConfigurationError(
                f"{printable(shown)}: control characters, or bytes that are not UTF-8; allowed: "
                "text in UTF-8"
            )


def _refuse_strange(found: Any, kind: type, where: str) -> None:
    """A `+` on the command line can add any key; the classes' own are the only allowed ones."""
    if not isinstance(found, Mapping):
        return
    allowed = {f.name: f for f in fields(kind)}
    for key, value in found.items():
        if key not in allowed:
            raise ConfigurationError(
                f"no key {where}{key}; allowed{' under ' + where.rstrip('.') if where else ''}: "
                f"{', '.join(allowed)}"
            )
        factory = allowed[key].default_factory
        if isinstance(factory, type) and is_dataclass(factory):
            _refuse_strange(value, factory, f"{where}{key}.")

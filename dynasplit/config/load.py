"""Loads the typed configuration that Hydra composed, and the part of it that identifies a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from dynasplit.config.paths import at_home
from dynasplit.config.rules import settle
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError

FREE_OF_RESULT = ("results_dir", "resume", "dry_run", "debug", "tracking", "hosts.speedup")
"""What a run may change without becoming another run."""


def register() -> None:
    """Make the classes known to Hydra, as the schema that `conf/config.yaml` begins with.

    Hydra itself writes below `results_dir` with -m; there `${at_home:...}` puts in the home folder.
    """
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="schema", node=Config)
    OmegaConf.register_new_resolver("at_home", at_home, replace=True)


def load(composed: DictConfig) -> Config:
    """The typed configuration of what Hydra composed.

    Raises:
        ConfigurationError: a key that does not exist was added.
    """
    _refuse_strange(OmegaConf.to_container(composed), Config, "")
    if OmegaConf.is_missing(composed, "name"):
        raise ConfigurationError("no experiment was asked for; say +experiment=NAME")
    config = cast(Config, OmegaConf.to_object(composed))
    settle(config)
    return config


def determining(config: Config) -> dict[str, Any]:
    """The part of a configuration that determines the result, as plain values."""
    plain = asdict(config)
    for path in FREE_OF_RESULT:
        *groups, key = path.split(".")
        place = plain
        for group in groups:
            place = place[group]
        del place[key]
    return plain


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

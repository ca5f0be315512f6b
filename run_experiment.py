"""Runs an experiment: `python run_experiment.py --help`. The only part that is Hydra's."""

from __future__ import annotations

import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from hosts.core.errors import HostError

try:
    from dynasplit.app.cli import command
except HostError as error:  # a folder of extensions, or a file in it, cannot be used
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)

CONF = str(Path(__file__).parent / "conf")


@hydra.main(version_base="1.3", config_path=CONF, config_name="config")
def compose(composed: DictConfig) -> None:
    """Take one composed job; it runs after all of them are composed and checked."""
    command.take(composed)


if __name__ == "__main__":
    sys.exit(command.main(compose))

"""The options of `fit`: sources of a fitted profile."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.paths import existing_file, path
from dynasplit.config.rules import option


@dataclass
class FitConf:
    """Sources of a fitted profile besides runs.

    Attributes:
        macs: a file of the network's split points (split_point, head_mmac, tail_mmac,
            tensor_kb). With it the fitted profile also gets the law that predicts networks
            without runs.
        profile: name or file; its boards and its law predict the network of `macs`, which
            `runs`, a handful or none, correct.
        network: what the predicted network is called; None: as in the runs, else model.name.
    """

    macs: str | None = option(None, existing_file())
    profile: str | None = option(None, path())
    network: str | None = None

"""The options of `figures`."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import at_least, one_of, option, several

FORMATS = ["pdf", "svg", "png"]
NAMES = (
    *("front", "search", "knobs", "stages", "channels", "energy", "accountings", "latency"),
    *("cdfs", "met", "violations", "choices", "thresholds", "timeline", "conditions", "drift"),
)
"""As in `dynasplit.figures.catalogue`, which may not be asked from here."""


@dataclass
class FiguresConf:
    """Figures that are drawn anew.

    Attributes:
        formats: of the files. titles: whether a title stands above each; in a paper it is in the
            caption. Where the numbers come from is said in any case.
        only: which ones; None: all that the run's tables allow.
        request: whose time line is drawn; None: the first one that was split.
    """

    formats: list[str] = option(FORMATS, several(one_of(*FORMATS)))
    titles: bool = True
    only: list[str] | None = option(None, several(one_of(*NAMES)))
    request: int | None = option(None, at_least(0))

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
    """Figures: of a run at its end, and those that are drawn anew.

    Attributes:
        draw: whether a run draws them at its end; `+experiment=figures` can at any time.
        formats: of the files. titles: whether a title stands above each; in a paper it is in the
            caption. Where the numbers come from is said in any case.
        only: which ones; None: all that the run's tables allow.
        request: whose time line is drawn; None: the first one that was split.
    """

    draw: bool = True
    formats: list[str] = option(FORMATS, several(one_of(*FORMATS)))
    titles: bool = True
    only: list[str] | None = option(None, several(one_of(*NAMES)))
    request: int | None = option(None, at_least(0))

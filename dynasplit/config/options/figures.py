"""The options of `figures`."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import one_of, option, several

FORMATS = ["pdf", "svg", "png"]


@dataclass
class FiguresConf:
    """Figures that are drawn anew.

    Attributes:
        formats: of the files. titles: whether a title stands above each; in a paper it is in the
            caption. Where the numbers come from is said in any case.
    """

    formats: list[str] = option(FORMATS, several(one_of(*FORMATS)))
    titles: bool = True

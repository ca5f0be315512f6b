"""DynaSplit: find and serve the split configurations of neural networks that save energy.

In a notebook, `open_run(FOLDER)` gives a run's tables as DataFrames, `open_runs(GLOB)` those of
many together (docs/notebook.ipynb), and `draw_figures(FOLDER, INTO)` writes a paper's figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dynasplit.frames.opened import OpenedRun
    from dynasplit.frames.together import OpenedRuns

__version__ = "0.1.0"


def open_run(folder: str | Path) -> OpenedRun:
    """A run's tables, finished or not, of this version or an older one, as pandas DataFrames.

    Raises:
        ResultsError: it is no run's folder.
    """
    from dynasplit.frames.opened import open_run  # what it needs takes half a second

    return open_run(folder)


def open_runs(pattern: str | Path) -> OpenedRuns:
    """The tables of all runs whose folders fit a pattern, each under one another.

    Args:
        pattern: such as `results/vgg16_testbed/*`; what is no run's folder is left out.

    Raises:
        ResultsError: no run's folder fits it.
    """
    from dynasplit.frames.together import open_runs

    return open_runs(pattern)


def draw_figures(
    run: str | Path,
    into: str | Path,
    *,
    only: Sequence[str] | None = None,
    formats: Sequence[str] = ("pdf",),
    titles: bool = False,
) -> list[Path]:
    """Draw the figures of a run as `+experiment=figures` does, and return the files.

    Args:
        run: the run's folder.
        into: where they are written.
        only: names of figures (docs/reading-results.md lists them); None: all that can be drawn.
        formats: of the files: pdf, svg, png.
        titles: whether a title stands above each.

    Raises:
        DataError: a figure's table is not there, or there is no such figure.
        ResultsError: a file cannot be written.
    """
    from dynasplit.app.report.figures_anew import draw_figures

    return draw_figures(run, into, only=only, formats=formats, titles=titles)

"""Writes each format of the results once, tiny, before anything is measured, and removes it."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

from dynasplit.core.errors import DynaSplitError, ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.figures import try_to_write_figure
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.run_record import FRONT, REQUESTS, RUNS
from dynasplit.tables import write_requests, write_runs

_CALLED = "trial"


def try_formats(folder: Path) -> None:
    """Write a table of runs, one of requests, a front and a figure in a run's folder; remove them.

    What would fail at the end of a run fails here: a writer that is not installed, a disk without
    room, a path that a library reads in a way of its own. Tracking tries its store by itself, when
    its run begins.

    Raises:
        ResultsError: one of them cannot be written.
    """
    run = Measurement(configuration=Configuration.of(0), latency_ms=1.0, energy_j=1.0)
    served = ServedRequest(
        request=0, network=_CALLED, policy=_CALLED, threshold_ms=1.0, measurement=run
    )
    try:
        with tempfile.TemporaryDirectory(prefix=f".{_CALLED}_", dir=folder) as named:
            place = Path(named)
            front = ParetoFront.build([run], model=_CALLED, last_split_point=1, source="measured")
            front.save(place / FRONT)
            write_runs(place / RUNS, [run], model=_CALLED, last_split_point=1)
            write_requests(place / REQUESTS, [served], model=_CALLED, last_split_point=1)
            try_to_write_figure(place / "front.png")
            _try_to_write_page(place / "report.html")
    except DynaSplitError:
        raise
    except Exception as error:  # whatever a library says of a path, or lacks
        why = " ".join(str(error).split())
        raise ResultsError(
            f"results cannot be written in {folder}: {type(error).__name__}: {why}"
        ) from error


def _try_to_write_page(path: Path) -> None:
    """Write a line where the run's page will be.

    Raises:
        ResultsError: what makes pages is not installed. OSError: the file cannot be written.
    """
    if find_spec("jinja2") is None:
        raise ResultsError(
            "the run's page needs Jinja2, which is not installed; allowed: an environment with "
            "all that requirements.txt names"
        )
    path.write_text("<!doctype html>", encoding="utf-8")

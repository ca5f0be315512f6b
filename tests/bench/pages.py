"""How soon MLflow's page of sixty runs is there: `python -m tests.bench.pages`."""

import json
import statistics
import tempfile
import time
from pathlib import Path

from tests.browser import CHROMIUM, Browser
from tests.many_runs import record_many
from tests.mlflow_server import MlflowServer

BAR_S, TIMES = 4.0, 5


def main() -> None:
    """Record the runs, and load the page in one browser after another."""
    if CHROMIUM is None:
        print("Pages of MLflow: not looked at, since chromium is not installed")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as named:
        place = Path(named)
        server = MlflowServer(place)
        names = record_many(place, server.store)
        server.start()
        try:
            took_s = _loads(place, server.uri, names)
        finally:
            server.stop()
    print(
        f"MLflow's page of {len(names)} runs: {statistics.median(took_s):.1f} s, median of "
        f"{TIMES} ({min(took_s):.1f} to {max(took_s):.1f}); bar {BAR_S:g} s"
    )


def _loads(place: Path, uri: str, names: list[str]) -> list[float]:
    every = f"{json.dumps(names)}.every(n => document.body.innerText.includes(n))"
    took_s = []
    with Browser(place / "profile", 1900, 3200) as browser:
        for _ in range(TIMES + 1):  # the first one fetches what a browser keeps
            started = time.monotonic()
            page = browser.open(f"{uri}/#/experiments/1/runs?workflowType=machine_learning")
            page.until(every, 120)
            took_s.append(time.monotonic() - started)
            page.close()
    return took_s[1:]


if __name__ == "__main__":
    main()

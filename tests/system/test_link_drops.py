"""A link between edge and cloud that drops, in search, repeats and serving, costs nothing."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hosts.wire import messages
from tests.commands import command_line
from tests.relay import Relay
from tests.system.golden import key_of, recorded, row_of

DROPS = (
    (5, "reset", 1.0),
    (12, "hold", 20.0),
    (24, "reset", 5.0),
    (45, "reset", 20.0),
    (60, "hold", 5.0),
    (75, "hold", 1.0),
    (95, "hold", 20.0),
    (115, "reset", 5.0),
    (130, "reset", 1.0),
)
"""After so many records of the journal: what happens to the link, and for how long in s.

The search makes the first 36 records, the repeats make those to the 88th."""


@pytest.fixture
def relayed(monkeypatch) -> Iterator[list[Relay]]:
    """The edge is told to connect to a relay instead of to the cloud itself."""
    relays: list[Relay] = []
    order = messages.ConnectOrder

    def through_relay(*, address: str, port: int, within_s: float | None) -> object:
        relays.append(Relay(port))
        return order(address="127.0.0.1", port=relays[-1].port, within_s=within_s)

    monkeypatch.setattr(messages, "ConnectOrder", through_relay)
    yield relays
    for relay in relays:
        relay.close()


@contextlib.contextmanager
def dropping(relays: list[Relay], results: Path) -> Iterator[list[tuple[int, str, float]]]:
    """The drops that have happened, by the journal of the run that goes on meanwhile."""
    ended, done = threading.Event(), []

    def watch() -> None:
        for records, how, for_s in DROPS:
            while _records(results) < records:
                if ended.wait(0.005):
                    return
            getattr(relays[-1], how)(for_s)
            done.append((records, how, for_s))
            if ended.wait(for_s):
                return

    thread = threading.Thread(target=watch)
    thread.start()
    yield done
    ended.set()
    thread.join()


def _records(results: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in results.glob("*/*/journal.jsonl"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.fault(
    group="link",
    fault="a link that drops for 1, 5, 20 s, in search, repeats or serving",
    seen="a pause",
    kept="everything; the windows concerned are measured again",
)
def test_a_link_that_drops_costs_no_measurement(tmp_path, relayed):
    began_s = time.monotonic()
    with dropping(relayed, tmp_path) as drops:
        ended = command_line(
            "+experiment=quick_testbed",
            f"results_dir={tmp_path}",
            "tracking=none",
            "figures.draw=false",
        )
    print(f"{time.monotonic() - began_s:.0f} s with {len(drops)} drops")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(relayed) == 1
    assert len(drops) == len(DROPS)
    (folder,) = (tmp_path / "quick_testbed").iterdir()
    row = row_of("quick_testbed", folder)
    expected = recorded()[key_of(row)]
    assert row["runs"] == expected["runs"]
    for median in ("median_ms", "median_j"):  # what is measured again meets other meter readings
        assert float(row[median]) == pytest.approx(float(expected[median]), rel=0.02)
    summary = msgspec.json.decode((folder / "summary.json").read_bytes())
    assert summary["given_up"] == []
    assert {p["requests"] for p in summary["policies"].values()} == {20}

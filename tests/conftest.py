"""What several tests share: an emulated board, in this process or as one of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts.machine.state_folder import STATE_VARIABLE
from tests.boards import on_board

ROOT = Path(__file__).resolve().parents[1]


def run_board(role: str, profile: str, folder: Path) -> tuple[subprocess.Popen, dict[str, str]]:
    """Start a board; returns the process and the variables that its host's programs need."""
    folder.mkdir(parents=True, exist_ok=True)
    board = subprocess.Popen(
        [sys.executable, "-m", "hosts.emulation.run_board", role, profile, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    lines = [board.stdout.readline().strip() for _ in range(3)]
    return board, dict(line.split("=", 1) for line in lines)


def end_board(board: subprocess.Popen) -> None:
    board.stdin.close()
    board.wait(5)
    board.stdout.close()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory) -> Iterator[None]:
    """This machine as a host of these tests alone: others test, and measure, beside them."""
    with pytest.MonkeyPatch.context() as patch:
        if STATE_VARIABLE not in os.environ:
            patch.setenv(STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def board_host() -> Iterator[None]:
    """This process as a program on an emulated edge host."""
    with on_board("edge"):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests first, so that two workers end at about the same time."""
    weights: dict[str, int] = {}
    for item in items:
        weight = 2 * bool(item.get_closest_marker("slow")) + bool(item.get_closest_marker("medium"))
        name = item.nodeid.partition("::")[0]
        weights[name] = max(weight + 2 * name.startswith("tests/system"), weights.get(name, 0))
    items.sort(key=lambda item: -weights[item.nodeid.partition("::")[0]])

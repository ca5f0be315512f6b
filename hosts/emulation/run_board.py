"""An emulated board alone, for a host whose SSH server is another one (OpenSSH).

Prints the variables that programs on that host need, and serves until its input closes.

    python -m hosts.emulation.run_board edge quick FOLDER [SEED]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
from pathlib import Path

from hosts.emulation.board_server import BoardServer
from hosts.emulation.client import BOARD_VARIABLE, ROOT_VARIABLE
from hosts.emulation.profile import load_profile
from hosts.machine.state_folder import STATE_VARIABLE


def main() -> None:
    """Serve one board."""
    parser = argparse.ArgumentParser(description="Serve an emulated board on a unix socket.")
    parser.add_argument("role", choices=("edge", "cloud"))
    parser.add_argument("profile", help="name or path")
    parser.add_argument("folder", type=Path, help="for its socket, sysfs tree and state")
    parser.add_argument("seed", type=int, nargs="?", default=0)
    order = parser.parse_args()
    asyncio.run(_serve(order.role, order.profile, order.folder, order.seed))


async def _serve(role: str, profile: str, folder: Path, seed: int) -> None:
    server = BoardServer(load_profile(profile), role, folder / "root", seed)
    serving = asyncio.create_task(server.serve(folder / "board.sock"))
    while not (folder / "board.sock").exists():
        await asyncio.sleep(0.01)
    print(f"{BOARD_VARIABLE}={folder / 'board.sock'}")
    print(f"{ROOT_VARIABLE}={folder / 'root'}")
    print(f"{STATE_VARIABLE}={folder / 'state'}", flush=True)
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=wait, daemon=True).start()
    await closed.wait()
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    main()

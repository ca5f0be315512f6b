"""The programs in docs/meters.md: each is run on a stand-in, and its lines are read."""

import datetime
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from hosts.meters.base import build
from tests.polling_clock import Clock

PAGE = Path(__file__).resolve().parents[1] / "docs/meters.md"
AT_S = 4_000_000_000.0  # of Grid'5000's sample: later than any time of day that is asked for
STAND_INS = {
    "kasa": """
class Module:
    Energy = "energy"
class Energy:
    current_consumption = 5.5
class Plug:
    modules = {Module.Energy: Energy}
    async def update(self):
        pass
class Discover:
    async def discover_single(address, username, password):
        assert (address, username, password) == ("{address}", "me", "a word")
        return Plug()
""",
    "joulescope": """
class Device:
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def parameter_set(self, *said):
        assert said == ("reduction_frequency", "10 Hz")
    def statistics_callback_register(self, told, source):
        told({"signals": {"power": {"µ": {"value": 5.5, "units": "W"}}}})
    def status(self):
        return {}
def scan_require_one(config):
    return Device()
""",
}


class Service(BaseHTTPRequestHandler):
    """Answers as a Tasmota plug, and as Grid'5000."""

    def do_GET(self) -> None:
        told: Any = {"StatusSNS": {"Time": "x", "ENERGY": {"Power": 5.5}}}
        if self.path.startswith("/sites/lyon/metrics?nodes=taurus-1&metrics=wattmetre_power_watt&"):
            at = datetime.datetime.fromtimestamp(AT_S, datetime.UTC).isoformat()
            told = [{"timestamp": at, "metric_id": "wattmetre_power_watt", "value": 5.5}]
        elif self.path != "/cm?cmnd=Status%208":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address():
    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def programs() -> dict[str, str]:
    """The page's programs by name."""
    blocks = re.findall(r"```python\n(# (\w+)\.py.*?)```", PAGE.read_text("utf-8"), re.S)
    return {name: text for text, name in blocks}


WORDS = {
    "tasmota": ["{address}"],
    "kasa_plug": ["{address}"],
    "joulescope_lines": [],
    "grid5000": ["lyon", "taurus-1", "http://{address}"],
}


def test_every_program_of_the_page_is_run_here():
    assert sorted(programs()) == sorted(WORDS)


@pytest.mark.medium
@pytest.mark.parametrize("name", WORDS)
def test_a_program_s_lines_are_read(tmp_path, address, name):
    for module, text in STAND_INS.items():
        (tmp_path / f"{module}.py").write_text(text.replace("{address}", address), "utf-8")
    (tmp_path / "program.py").write_text(programs()[name], "utf-8")
    words = [word.replace("{address}", address) for word in WORDS[name]]
    said = {"PYTHONPATH": str(tmp_path), "KASA_USER": "me", "KASA_PASSWORD": "a word"}
    program = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py"), *words],
        env={**os.environ, **said},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    line = program.stdout.readline()
    program.kill()
    program.wait()
    program.stdout.close()
    assert reading_of(tmp_path / "lines.csv", line) == (float(line.split(",")[0]), 5.5)


def reading_of(path: Path, line: str) -> tuple[float, float]:
    """The time of day and the power that the meter takes from a line."""
    path.write_text("")

    def write(until_s: float) -> None:
        path.write_text(line)

    clock = Clock(write)
    meter: Any = build("external", {"at": str(path), "error_pct": 2.0})
    meter.clock, meter.wall_ns = clock, clock.now_ns
    ((at_ns, (watts,)),) = next(meter.readings())
    return round(at_ns / 1e9, 3), watts

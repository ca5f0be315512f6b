"""Debian's Chromium, headless, told what to do through a pipe."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium")
"""None: it is not installed."""


class Browser:
    """One browser with a profile of its own; enter it to begin."""

    def __init__(self, profile: Path, width: int = 1600, height: int = 1000) -> None:
        self._size, self._profile = (width, height), profile
        self._ids = itertools.count(1)
        self._rest = b""

    def __enter__(self) -> Self:
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()
        width, height = self._size
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$@" 3<&{reads} 4>&{writes}', "bash", str(CHROMIUM)),
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--remote-debugging-pipe"),
                *(f"--window-size={width},{height}", f"--user-data-dir={self._profile}"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(reads, writes),
        )
        os.close(reads)
        os.close(writes)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        os.close(self._to)
        os.close(self._from)

    def open(self, url: str) -> "Page":
        """A new page that begins to load."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        told = {"targetId": target, "flatten": True}
        page = Page(self, self.call("Target.attachToTarget", told)["sessionId"])
        page.go(url)
        return page

    def call(self, method: str, params: Mapping[str, Any], session: str = "") -> dict[str, Any]:
        """What the browser answers to a command of its protocol."""
        number = next(self._ids)
        asked = {"id": number, "method": method, "params": params}
        if session:
            asked["sessionId"] = session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            self._rest += os.read(self._from, 1 << 20)
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """A page of a browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def go(self, url: str) -> None:
        """Begin to load another address."""
        self._browser.call("Page.navigate", {"url": url}, self._session)

    def value(self, script: str) -> Any:
        """What JavaScript comes to; None where it fails."""
        told = {"expression": script, "returnByValue": True}
        answer = self._browser.call("Runtime.evaluate", told, self._session)
        return answer["result"].get("value")

    def text(self) -> str:
        """What a person reads."""
        return self.value("document.body ? document.body.innerText : ''") or ""

    def close(self) -> None:
        self._browser.call("Page.close", {}, self._session)

    def until(self, script: str, within_s: float = 60.0) -> float:
        """Wait until JavaScript comes to something true; returns the seconds that it took."""
        started = time.monotonic()
        while not self.value(script):
            if time.monotonic() - started > within_s:
                raise TimeoutError(f"{script} after {within_s} s; the page reads {self.text()}")
            time.sleep(0.02)
        return time.monotonic() - started

    def picture(self, path: Path) -> None:
        """Keep what is to be seen, as PNG."""
        answer = self._browser.call("Page.captureScreenshot", {"format": "png"}, self._session)
        path.write_bytes(base64.b64decode(answer["data"]))

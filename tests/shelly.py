"""A Shelly plug: an HTTP server that answers its RPC, and asks for a password if it has one."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Plug:
    """A plug on loopback.

    Attributes:
        status: what `Switch.GetStatus?id=0` answers. password: None: it asks for none.
        asked: the paths that were answered.
    """

    def __init__(self, password: str | None = None) -> None:
        self.password, self.asked = password, []
        self.status: Any = {"id": 0, "output": True, "apower": 8.9, "aenergy": {"total": 6.532}}
        plug = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                plug.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        if self.password is not None and not self._may(request):
            wants = 'Digest qop="auth", realm="shellyplug", nonce="5f", algorithm=SHA-256'
            self._say(request, 401, None, {"WWW-Authenticate": wants})
        elif request.path == "/rpc/Shelly.GetDeviceInfo":
            self._say(request, 200, {"id": "shellyplugsg3-1", "model": "S3PL-00112EU", "gen": 3})
        elif request.path == "/rpc/Switch.GetStatus?id=0":
            self.asked.append(request.path)
            self._say(request, 200, self.status)
        else:
            self._say(request, 404, {"code": 404})

    def _may(self, request: BaseHTTPRequestHandler) -> bool:
        """True if the request carries the right digest (RFC 7616, SHA-256)."""
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization", "")))
        if not told:
            return False

        def digest(*words: str) -> str:
            return hashlib.sha256(":".join(words).encode()).hexdigest()

        user = digest("admin", "shellyplug", self.password or "")
        what = digest("GET", request.path)
        right = digest(user, "5f", told.get("nc", ""), told.get("cnonce", ""), "auth", what)
        return told.get("response") == right

    @staticmethod
    def _say(
        request: BaseHTTPRequestHandler, code: int, told: Any, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(told).encode()
        request.send_response(code)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

"""Shelly plugs and relays that measure (generation 2 and later), over their HTTP RPC.

A value a second at the best, so it serves for screening. Where the plug asks for a password, an
environment variable on the host that asks holds it; it is never an option, and never shown.
"""

from __future__ import annotations

import os
from typing import Any

from hosts.core.errors import MeterError, one_line
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_TIMEOUT_S = 3.0
_USER = "admin"  # there is no other
_REQUIREMENTS = "hosts/requirements-shelly.txt"
_J_PER_WH = 3600.0


class Shelly(PolledMeter):
    """Active power, or the counter of energy. No accuracy is stated for plugs; 2 % is assumed."""

    error_pct = 2.0

    def __init__(self, address: str, switch: int, quantity: str, password_env: str) -> None:
        if quantity not in ("power", "energy"):
            raise MeterError(f"quantity={quantity!r} asked of a Shelly; allowed: power, energy")
        self._at, self._switch, self._is_energy = address, switch, quantity == "energy"
        self._session, self._failures = _session(password_env)
        self._has_password = bool(password_env)
        about = self._ask("Shelly.GetDeviceInfo")
        self.identity = f"Shelly {about.get('model', '?')} {about.get('id', '?')}, switch {switch}"
        self.channels = (Channel(domain="wall", quantity="energy" if self._is_energy else "power"),)

    def read(self) -> list[float | None]:
        """Power in W, or the counter in J; None: the plug tells none now."""
        status = self._ask(f"Switch.GetStatus?id={self._switch}")
        value = status.get("apower")
        if self._is_energy:
            counter = status.get("aenergy")
            value = counter.get("total") if isinstance(counter, dict) else None
        if value is None:
            return [None]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MeterError(f"a number expected of {self.identity}, found {value!r}")
        return [value * _J_PER_WH if self._is_energy else float(value)]

    def _ask(self, call: str) -> dict[str, Any]:
        """What the plug answers to a call of its RPC."""
        asked = f"a Shelly at {self._at} was asked {call}"
        try:
            answer = self._session.get(f"http://{self._at}/rpc/{call}", timeout=_TIMEOUT_S)
            if answer.status_code == 401:
                raise MeterError(f"{asked} and refused: {self._refused()}")
            answer.raise_for_status()
            told = answer.json()
        except self._failures as error:
            raise MeterError(f"{asked} and did not answer: {one_line(error)}") from error
        if not isinstance(told, dict):
            raise MeterError(f"{asked}; a JSON object expected, found {str(told)[:80]!r}")
        return told

    def _refused(self) -> str:
        if self._has_password:
            return "the password that the variable of password_env holds is not its own"
        return "it wants a password; name the environment variable that holds it in password_env"


def _session(password_env: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """An HTTP session with the password, if one is named; and what it may raise."""
    try:
        import requests
        from requests.auth import HTTPDigestAuth
    except ImportError as error:
        raise MeterError(
            f"requests is missing: install {_REQUIREMENTS} into this host's Python"
        ) from error
    session = requests.Session()
    session.trust_env = False  # neither proxies nor a .netrc
    if password_env:
        password = os.environ.get(password_env)
        if not password:
            raise MeterError(
                f"password_env={password_env}: there is no such variable where the meter's program "
                "runs, or it is empty"
            )
        session.auth = HTTPDigestAuth(_USER, password)
    return session, (requests.RequestException, ValueError)


def build(
    address: str,
    switch: int = 0,
    quantity: str = "power",
    password_env: str = "",
    period_s: float = 1.0,
) -> Shelly:
    """The plug at an address (`192.168.1.30`), and which of its switches."""
    meter = Shelly(address, switch, quantity, password_env)
    meter.period_s = period_s
    return meter

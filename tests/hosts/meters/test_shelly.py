"""A Shelly plug's meter, asking a real HTTP server."""

from typing import Any

import pytest

from hosts.core.errors import MeterError
from hosts.meters.base import build
from tests.polling_clock import Clock
from tests.shelly import Plug

SECRET = "a very secret word"


@pytest.fixture(params=[None])
def plug(request):
    made = Plug(request.param)
    yield made
    made.close()


def meter(plug: Plug, **options: Any) -> Any:
    made: Any = build("shelly", {"address": plug.address, **options})
    made.clock = Clock()
    return made


def test_it_tells_the_power_at_the_wall(plug):
    found = meter(plug)
    assert found.identity == "Shelly S3PL-00112EU shellyplugsg3-1, switch 0"
    assert ([c.name for c in found.channels], found.read()) == (["wall"], [8.9])
    assert found.header("shelly").period_s == 1.0


def test_its_counter_becomes_power_when_it_moves(plug):
    found = meter(plug, quantity="energy")
    totals_wh = [6.0, 6.0, 6.01]
    given = iter(totals_wh)
    real = found.read

    def moved():
        plug.status["aenergy"]["total"] = next(given)
        return real()

    found.read = moved
    ((_, (watts,)),) = next(found.readings())
    assert watts == pytest.approx(
        0.01 * 3600 / 2, rel=0.01
    )  # over the 2 s since it was asked first


@pytest.mark.parametrize("plug", [SECRET], indirect=True)
def test_its_password_comes_from_the_environment_and_is_never_shown(plug, monkeypatch):
    with pytest.raises(MeterError, match="it wants a password; name the environment variable"):
        meter(plug)
    with pytest.raises(MeterError, match="password_env=PLUG: there is no such variable"):
        meter(plug, password_env="PLUG")
    monkeypatch.setenv("PLUG", SECRET)
    found = meter(plug, password_env="PLUG")
    assert found.read() == [8.9]
    assert SECRET not in str(found.header("shelly"))
    plug.password = "another one"
    found._session.auth._thread_local.nonce_count = 0
    with pytest.raises(MeterError, match="is not its own") as caught:
        found.read()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"apower": "8.9"}, "a number expected of Shelly .*, found '8.9'"),
        ([1], "a JSON object expected"),
        (None, "a JSON object expected"),
    ],
)
def test_an_answer_of_another_kind_is_refused(plug, status, told):
    found = meter(plug)
    plug.status = status
    with pytest.raises(MeterError, match=told):
        found.read()


def test_no_value_is_no_zero(plug):
    found = meter(plug)
    plug.status = {"id": 0, "output": False}
    assert found.read() == [None]


def test_what_is_not_there_is_told(plug):
    with pytest.raises(MeterError, match=r"GetStatus\?id=3 and did not answer: HTTPError: 404"):
        meter(plug, switch=3).read()
    with pytest.raises(
        MeterError, match="quantity='heat' asked of a Shelly; allowed: power, energy"
    ):
        meter(plug, quantity="heat")
    found = meter(plug)
    plug.close()
    with pytest.raises(
        MeterError, match=r"a Shelly at 127\.0\.0\.1:\d+ was asked .* did not answer"
    ):
        found.read()

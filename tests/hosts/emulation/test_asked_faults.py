"""Faults by name: what is completed, what is refused in words."""

import pytest

from hosts.core.errors import BoardError
from hosts.emulation.asked_faults import built, completed, find, names
from hosts.emulation.faults import base


def test_what_is_left_open_is_completed():
    short, long = completed(["frozen_meter", {"fault": "throttling", "after_s": 60, "mhz": 900}])
    assert short == {"fault": "frozen_meter", "host": "edge", "after_s": 0.0, "for_s": None}
    assert (long["after_s"], long["mhz"], long["load_s"], long["host"]) == (60, 900, 10.0, "edge")
    assert completed([short, long]) == [short, long]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["melting"], "fault 'melting' asked; allowed: averaging_meter, backward_meter"),
        ([{"lag_s": 2}], "allowed: NAME, or {fault: NAME, ...}"),
        ([7], "fault 7 asked; allowed: NAME"),
        (
            [{"fault": "frozen_meter", "lag_s": 2}],
            "with lag_s asked; allowed: host, after_s, for_s",
        ),
        ([{"fault": "lagging_meter", "lag_s": -1}], "lag_s=-1 asked; allowed: from 0.001 to 3600"),
        ([{"fault": "lagging_meter", "lag_s": None}], "lag_s=None asked; allowed: from 0.001"),
        ([{"fault": "lagging_meter", "lag_s": "two"}], "lag_s=two asked; allowed: from 0.001"),
        ([{"fault": "lagging_meter", "lag_s": float("nan")}], "lag_s=nan asked; allowed: from"),
        ([{"fault": "lagging_meter", "lag_s": True}], "lag_s=True asked; allowed: from"),
        ([{"fault": "repeating_meter", "times": 2.5}], "times=2.5 asked; allowed: whole numbers"),
        ([{"fault": "throttling", "host": "cloud"}], "host=cloud asked; allowed: edge"),
        (["frozen_meter", {"fault": "frozen_meter"}], "asked at the same time; allowed: one of"),
        (["swapped_meter", {"fault": "shared_meter", "after_s": 5}], "asked at the same time"),
        (["lying_frequency", "ignored_frequency"], "asked at the same time"),
    ],
)
def test_what_cannot_be_is_refused_in_words(asked, said):
    with pytest.raises(BoardError) as refused:
        completed(asked)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_faults_of_two_hosts_or_of_two_times_go_together():
    first = {"fault": "frozen_meter", "after_s": 1, "for_s": 2}
    completed([first, {"fault": "frozen_meter", "after_s": 3}])
    completed(["frozen_meter", {"fault": "frozen_meter", "host": "cloud"}])
    completed(["lagging_meter", "negative_meter"])


@pytest.mark.parametrize("name", names())
def test_each_fault_describes_itself_and_can_be_built_on_each_of_its_hosts(name):
    kind = find(name)
    assert kind.meaning
    assert kind.meaning.endswith(".") is False
    assert set(kind.hosts) <= set(base.ROLES)
    taken = {p.name for p in kind.parameters}
    assert not taken & {"fault", "host", *(p.name for p in base.TIMES)}
    for parameter in kind.parameters:
        assert parameter.allows(parameter.default), parameter
    for host in kind.hosts:
        (fault,) = built([{"fault": name, "host": host}], host, seed=1)
        assert fault.words.startswith(f"{name} on {host}")
        assert built([{"fault": name, "host": host}], "nobody", seed=1) == []


def test_words_say_parameters_and_times():
    asked = {"fault": "lagging_meter", "lag_s": 2, "after_s": 60, "for_s": 5}
    (fault,) = built([asked], "edge", seed=0)
    assert fault.words == "lagging_meter on edge (lag_s 2, after_s 60, for_s 5)"


def test_a_fault_acts_from_its_time_on_until_its_end():
    (fault,) = built([{"fault": "frozen_meter", "after_s": 2, "for_s": 1.5}], "edge", seed=0)
    acts = [fault.acts(round(t * 1e9)) for t in (0, 1.999, 2, 3.499, 3.5, 9)]
    assert acts == [False, False, True, True, False, False]
    assert fault.next_change_ns(0, True) == 2_000_000_000
    assert fault.next_change_ns(2_000_000_000, True) == 3_500_000_000
    assert fault.next_change_ns(3_500_000_000, True) is None

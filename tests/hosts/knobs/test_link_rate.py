"""The link's rate, by the kernel's own shaping in a network of the test's own."""

import json
import os
from pathlib import Path

import pytest

from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import KnobError
from hosts.knobs import _shaping
from hosts.knobs.base import HostKnob, build
from hosts.machine.tools import run_tool
from tests.hosts.trees import RealOnTree
from tests.linked import PORT, linked


@pytest.fixture
def machine(tmp_path, request) -> RealOnTree:
    return linked(tmp_path, request)


@pytest.fixture
def knob(machine) -> HostKnob:
    return build("link_mbit_s", machine)


def root_qdisc() -> str:
    (root,) = (
        q for q in json.loads(run_tool(["tc", "-j", "qdisc", "show", "dev", "eth0"])) if "root" in q
    )
    return f"{root['kind']} {root['handle']}"


def test_only_the_way_to_the_clouds_port_is_bound_and_all_is_put_back(knob, machine):
    before, was = root_qdisc(), knob.snapshot()
    knob.write(5)
    assert (_shaping.bound_mbit_s("eth0"), knob.read()) == (5, 5)
    filters = run_tool(["tc", "filter", "show", "dev", "eth0"])
    assert "match c612ff02/ffffffff at 16" in filters  # to the cloud's address
    assert f"match {PORT:08x}/0000ffff at 20" in filters  # and port
    assert filters.count("flowid d5:1") == 1
    assert "default 0x2" in run_tool(["tc", "qdisc", "show", "dev", "eth0"])
    knob.write(1000)
    assert knob.read() == 1000
    knob.restore(was)
    assert (root_qdisc(), knob.snapshot()) == (before, was)


def test_a_cloud_that_listens_elsewhere_now_is_bound_anew(knob, machine):
    knob.write(20)
    machine.link_target = machine.link_target[0], 6000
    assert not knob.holds(20)
    knob.write(20)
    assert f"match {6000:08x}/0000ffff" in run_tool(["tc", "filter", "show", "dev", "eth0"])


def test_a_crash_leaves_a_record_by_which_the_next_start_puts_it_back(machine, tmp_path):
    before, record = root_qdisc(), tmp_path / "record.json"
    RestorableKnobs(["link_mbit_s"], machine, record).apply({"link_mbit_s": 1})
    machine.link_target = None  # the next agent is not connected yet
    assert RestorableKnobs(["link_mbit_s"], machine, record).restore() is True
    assert root_qdisc() == before


def test_what_somebody_else_has_set_up_is_not_replaced(knob):
    run_tool(["tc", "qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb"])
    with pytest.raises(KnobError, match=r"eth0 has a qdisc of its own \(htb\), which is not repl"):
        knob.write(5)
    assert root_qdisc() == "htb 1:"


def test_an_address_of_version_6_has_a_filter_of_its_own(machine):
    _shaping.bind("eth0", 5, ["198.18.255.2", "fd00::2"], PORT)
    assert run_tool(["tc", "filter", "show", "dev", "eth0"]).count("flowid d5:1") == 2


def test_without_the_right_or_the_programs_it_is_no_knob(knob, tmp_path, monkeypatch):
    assert knob.discover() == (1, 5, 20, 100, 1000)
    monkeypatch.setattr(Path, "read_text", lambda _path: "CapEff:\t0000000000000fff\n")
    with pytest.raises(KnobError, match="needs CAP_NET_ADMIN"):
        knob.discover()
    monkeypatch.setattr("hosts.knobs._link.find_tool", lambda name: None)
    with pytest.raises(KnobError, match=r"no link_mbit_s here: tc, ip \(iproute2\)"):
        knob.allowed()


def test_before_the_edge_is_connected_nothing_is_set(knob, machine):
    machine.link_target = None
    with pytest.raises(KnobError, match="not known before the edge is connected"):
        knob.write(5)
    assert knob.read() == 100_000
    assert os.environ["PATH"].startswith(str(machine.root))

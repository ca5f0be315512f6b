"""The lease of a host: held by one, told to others, free when its holder is gone."""

import os
import subprocess
import sys
import time

import pytest

from hosts.core.errors import BusyError, HostError
from hosts.machine import lease
from hosts.machine.lease import held
from tests.conftest import ROOT

HOLDER = """
import pathlib, sys, time
from hosts.machine.lease import held
with held(pathlib.Path(sys.argv[1]), "ann@desk, process 7"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.fault(
    group="hosts",
    fault="a host's user that was killed",
    seen="nothing: its lease is free",
)
def test_another_is_told_at_once_who_holds_it_and_a_dead_holder_holds_nothing(tmp_path):
    path = tmp_path / "state/edge.lease"
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout.readline() == "held\n"
        began_s = time.monotonic()
        told = rf"^host busy: ann@desk, process 7 uses this host as edge since 20.*{holder.pid}"
        with pytest.raises(BusyError, match=told), held(path, "bob"):
            pass
        assert time.monotonic() - began_s < 2
        holder.kill()
    told = rf"bob .*process {os.getpid()}"
    with held(path, "bob"), pytest.raises(BusyError, match=told), held(path, "eve"):
        pass
    with held(path, "eve"):
        pass


@pytest.mark.fault(
    group="hosts",
    fault="a second controller that wants a host in another role",
    seen="refused: `host busy: ... uses this host as edge`",
)
def test_both_roles_of_a_host_are_for_agents_of_one_controller(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "_PATIENCE_S", 0.02)
    with held(tmp_path / "edge.lease", "ann@desk, process 7"):
        with held(tmp_path / "cloud.lease", "ann@desk, process 7"):
            pass
        busy = "^host busy: ann@desk, process 7 uses this host as edge since"
        with pytest.raises(BusyError, match=busy), held(tmp_path / "cloud.lease", "bob"):
            pass
    with held(tmp_path / "cloud.lease", "bob"):  # what the first one said is still there
        pass


def test_a_lease_that_says_nothing_is_refused_all_the_same(tmp_path, monkeypatch):
    """As of an agent whose disk was full, or that was older."""
    monkeypatch.setattr(lease, "_PATIENCE_S", 0.02)
    told = r"^host busy: another agent uses this host as edge"
    with held(tmp_path / "edge.lease", "ann"):
        for content in (b"", b"\xff\xfe{", b'{"controller": 7}'):
            (tmp_path / "edge.lease").write_bytes(content)
            with pytest.raises(BusyError, match=told), held(tmp_path / "edge.lease", "bob"):
                pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "state").write_text("")
    path = tmp_path / "state/edge.lease"
    with pytest.raises(HostError, match=r"edge\.lease cannot be written"), held(path, "ann"):
        pass

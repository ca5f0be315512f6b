"""The lease of a host: held by one, told to others, free when its holder is gone."""

import os
import subprocess
import sys
import time

import pytest

from hosts.core.errors import BusyError, HostError
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
        with held(tmp_path / "state/cloud.lease", "bob"):  # another role, on the same machine
            pass
        holder.kill()
    told = rf"bob .*process {os.getpid()}"
    with held(path, "bob"), pytest.raises(BusyError, match=told), held(path, "eve"):
        pass
    with held(path, "eve"):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "state").write_text("")
    path = tmp_path / "state/edge.lease"
    with pytest.raises(HostError, match=r"edge\.lease cannot be written"), held(path, "ann"):
        pass

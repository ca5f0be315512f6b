"""Stand-ins of `tc` and `ip` that keep qdiscs and classes as the kernel does, netem among them."""

import os
from pathlib import Path

import pytest

from tests.hosts.trees import RealOnTree
from tests.linked import ADDRESS, PORT

_TC = """#!{python}
import json, sys
from pathlib import Path
kept = Path({kept!r})
state = json.loads(kept.read_text()) if kept.exists() else dict(qdiscs=[], classes=[])
words = sys.argv[1:]
after = lambda word: words[words.index(word) + 1]
if words[:1] == ["-j"]:
    none = dict(kind="noqueue", handle="0:", root=True, options=dict())
    print(json.dumps(state["qdiscs"] or [none]))
elif words[:2] == ["class", "show"]:
    for name, rate in state["classes"]:
        print(f"class htb {{name}} root prio 0 rate {{rate.replace('mbit', 'Mbit')}} ceil 1Gbit")
elif words[:2] == ["qdisc", "del"]:
    state = dict(qdiscs=[], classes=[])
elif words[:2] == ["qdisc", "add"] and "netem" in words:
    loss, delay = float(after("loss").rstrip("%")) / 100, float(after("delay").rstrip("ms")) / 1000
    options = dict(limit=int(after("limit")))
    options |= dict(delay=dict(delay=delay, jitter=0, correlation=0)) if delay else dict()
    options |= {{"loss-random": dict(loss=loss, correlation=0)}} if loss else dict()
    made = dict(kind="netem", handle=after("handle"), parent=after("parent"), options=options)
    state["qdiscs"].append(made)
elif words[:2] == ["qdisc", "add"]:
    state["qdiscs"].append(dict(kind="htb", handle=after("handle"), root=True, options=dict()))
elif words[:2] == ["class", "add"]:
    state["classes"].append([after("classid"), after("rate")])
kept.write_text(json.dumps(state))
"""


def shaped(folder: Path, request: pytest.FixtureRequest) -> RealOnTree:
    """The edge, connected to a cloud, on a machine whose kernel has netem."""
    import sys

    (folder / "bin").mkdir()
    tc = _TC.format(python=sys.executable, kept=str(folder / "tc.json"))
    for name, text in (("tc", tc), ("ip", '#!/bin/sh\necho \'[{"dev": "eth0"}]\'\n')):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    machine = RealOnTree(folder)
    machine.link_target = ADDRESS, PORT
    return machine

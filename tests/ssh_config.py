"""An ssh configuration of the tests' own, read by OpenSSH's client or, without one, by paramiko."""

import shutil
from pathlib import Path

import pytest

SSH = shutil.which("ssh")


def use_config(monkeypatch: pytest.MonkeyPatch, home: Path, text: str, reader: str) -> Path:
    """Have this process find a configuration; OpenSSH's client looks only below the real home."""
    folder, programs = home / ".ssh", home / "programs"
    for place in (folder, programs):
        place.mkdir(exist_ok=True)
    config = folder / "config"
    config.write_text(text)
    if reader == "ssh":
        (programs / "ssh").write_text(f'#!/bin/sh\nexec {SSH} -F {config} "$@"\n')
        (programs / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    else:
        monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(home))
    return config

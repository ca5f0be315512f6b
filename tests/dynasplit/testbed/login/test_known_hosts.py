"""Files with keys of hosts, as OpenSSH writes and reads them; `ssh-keygen -F` is the judge."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dynasplit.testbed.login.known_hosts import kinds_first, known_keys
from tests.openssh import keygen

needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 42 + "E"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQE="


def lines_of(path: Path, name: str) -> list[int]:
    return [key.line for key in known_keys(str(path), name)]


@needs_keygen
def test_the_lines_are_those_that_ssh_keygen_finds(tmp_path):
    key = " ".join(keygen(tmp_path / "key").split()[:2])
    names = [
        "edge.lab",
        "edge.lab,10.0.0.7",
        "EDGE.lab",
        "*.lab",
        "*.lab,!edge.lab",
        "e?ge.lab",
        "[edge.lab]:2222",
        "[*.lab]:2222",
        "[edge.lab]:22*",
        "edge",
        "cloud.lab",
        "*",
        "e[d]ge.lab",
    ]
    known = tmp_path / "known_hosts"
    known.write_text("".join(f"{name} {key}\n" for name in names))
    for name in ("edge.lab", "[edge.lab]:2222", "10.0.0.7", "cloud.lab", "other"):
        told = subprocess.run(
            ["ssh-keygen", "-F", name, "-f", known], capture_output=True, text=True, check=False
        )
        found = [
            int(line.split("line ")[1].split()[0])
            for line in told.stdout.splitlines()
            if line.startswith("# Host")
        ]
        assert lines_of(known, name) == found, name
        assert found


@needs_keygen
def test_hashed_names_are_known(tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"edge.lab {ED}\n[edge.lab]:2222 {RSA}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
    assert "edge" not in known.read_text()
    assert lines_of(known, "edge.lab") == [1]
    assert lines_of(known, "[edge.lab]:2222") == [2]
    assert lines_of(known, "cloud.lab") == []


def test_markers_are_told_and_damaged_lines_passed_over(tmp_path):
    known = tmp_path / "known_hosts"
    known.write_bytes(
        "\n".join(
            [
                "# a comment",
                "",
                "edge",
                "edge ssh-ed25519",
                f"edge {ED[:50]}",
                f"edge {ED}*",
                f"edge {ED.replace('ssh-ed25519', 'ssh-rsa')}",
                "edge ssh-ed25519 ////",
                "|1|no|salt ssh-ed25519 AAAA",
                f"|1|é {ED}",
                "edge 1024 35 1234567890",
                f"@strange edge {ED}",
                f"@revoked edge {ED}",
                f"@cert-authority *  {RSA}",
                f"  edge\t{ED} a comment",
            ]
        ).encode()
        + b"\n\xff\xfe edge \x00\n"
    )
    found = list(known_keys(str(known), "edge"))
    assert [(key.marker, key.line) for key in found] == [
        ("@revoked", 13),
        ("@cert-authority", 14),
        ("", 15),
    ]
    assert found[2].place == f"{known} line 15"


def test_kinds_that_are_known_are_asked_for_first(tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"@revoked edge {ED}\nedge {RSA}\n")
    offered = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]
    assert kinds_first(offered, known_keys(str(known), "edge")) == [
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
    ]
    assert kinds_first(offered, []) == offered


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(known_keys(str(tmp_path / "absent"), "edge"))

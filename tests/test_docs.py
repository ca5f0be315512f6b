"""What the documents tell people to type is accepted, and what they point to is there."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from experiments import two_phase
from tests.commands import command_line

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
has_joblib = importlib.util.find_spec("hydra_plugins.hydra_joblib_launcher") is not None
PLACEHOLDERS = ("<date_time>",)


def commands() -> list[str]:
    found = []
    for document in DOCUMENTS:
        for line in document.read_text().splitlines():
            told = re.match(r"\s{4,}python run_experiment\.py(.*?)(\s+#.*)?$", line)
            if told and not any(word in line for word in PLACEHOLDERS):
                found.append(told[1].strip().replace("hosts=mine", "hosts=lab"))
    return sorted(set(found))


def test_there_are_commands_to_check():
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", [c for c in commands() if "-m " not in c])
def test_a_documented_command_is_composed(command):
    done = command_line(*shlex.split(command), "--cfg", "job")
    assert done.returncode == 0, done.stderr
    assert "hosts:" in done.stdout or not command


@pytest.mark.medium
@pytest.mark.parametrize("command", [c for c in commands() if "-m " in c])
def test_so_are_the_jobs_of_a_documented_sweep(command, tmp_path, monkeypatch):
    if "hydra/launcher=joblib" in command and not has_joblib:
        pytest.skip("hydra-joblib-launcher is not installed")
    told = []
    monkeypatch.setattr(two_phase, "check", lambda config: None)
    monkeypatch.setattr(two_phase, "run", told.append)
    words = (*shlex.split(command), "dry_run=true", f"results_dir={tmp_path}")
    done = command_line(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(told) >= 4


def test_links_between_documents_lead_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), (document.name, target)


def test_the_readme_is_short_and_its_make_targets_exist():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z-]+)", text)):
        assert f"\n{target}:" in makefile, target

"""The figures of a run, drawn anew from its tables in the formats that a paper takes."""

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from dynasplit.figures.output import Output, output, written_as
from tests.commands import command_line

OLDER = Path(__file__).resolve().parents[1] / "older" / "quick_testbed"
DRAWN = {"choices", "energy", "front", "knobs", "latency", "violations", "cdfs", "met"}
DRAWN |= {"thresholds", "timeline", "search", "stages"}


def drawn(place: Path) -> set[str]:
    (folder,) = (place / "figures").iterdir()
    return {path.name for path in folder.iterdir() if path.name != "run.json"}


@pytest.mark.medium
def test_they_are_drawn_in_each_format_and_say_where_numbers_come_from(tmp_path):
    asked = ("figures.formats=[pdf,svg]", "figures.titles=false", f"results_dir={tmp_path}")
    done = command_line("+experiment=figures", f"runs={OLDER}", *asked)
    assert done.returncode == 0, done.stderr
    assert drawn(tmp_path) == {f"{name}.{end}" for name in DRAWN for end in ("pdf", "svg")}
    wanting = "Not drawn, for want of summary.json with figures by accounting: accountings"
    assert wanting in done.stdout
    assert "Not drawn, for want of controls.jsonl: drift" in done.stdout
    (folder,) = (tmp_path / "figures").iterdir()
    for name in DRAWN:
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert re.search(r"<dc:source>\s*EMULATED", (folder / f"{name}.svg").read_text())
    assert output() == Output(("png",), True)


@pytest.mark.medium
def test_of_a_run_that_has_not_finished_there_is_what_its_journal_allows(tmp_path):
    folder = tmp_path / "run?#"
    folder.mkdir()
    for name in ("run.json", "journal.jsonl"):
        shutil.copy(OLDER / name, folder)
    asked = ("figures.formats=[png]", f"results_dir={tmp_path}")
    done = command_line("+experiment=figures", f"runs='{folder}'", *asked)
    assert done.returncode == 0, done.stderr
    names = ("front", "knobs", "search", "stages")
    assert drawn(tmp_path) == {f"{name}.png" for name in names}
    assert "for want of requests.parquet: energy, latency, cdfs, met" in done.stdout


@pytest.mark.medium
def test_some_are_drawn_and_one_request_is_chosen(tmp_path):
    asked = ("figures.formats=[png]", "figures.only=[met,timeline]", "figures.request=3")
    done = command_line("+experiment=figures", f"runs={OLDER}", *asked, f"results_dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert drawn(tmp_path) == {"met.png", "timeline.png"}
    assert "for want" not in done.stdout
    (folder,) = (tmp_path / "figures").iterdir()
    with Image.open(folder / "timeline.png") as image:
        assert image.info["Title"] == "digits_cnn: request 3 by dynasplit"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "+experiment=figures needs runs=FOLDER"),
        ((f"runs={OLDER}", "figures.formats=[gif]"), "figures.formats"),
        ((f"runs={OLDER}", "figures.formats=[]"), "figures.formats"),
        ((f"runs={OLDER}", "figures.only=[pie]"), "figures.only=['pie']; allowed: at least one"),
        ((f"runs={OLDER}", "figures.request=99"), "figures.request=99: dynasplit served no"),
        (
            (f"runs={OLDER}", "figures.only=[met,drift]"),
            "figures.only: drift (drift of the control configuration) needs controls.jsonl, which",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, words, told):
    done = command_line("+experiment=figures", *words, f"results_dir={tmp_path}")
    assert done.returncode == 2
    assert told in done.stderr


def test_a_damaged_table_is_named(tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(OLDER, folder)
    (folder / "requests.parquet").write_bytes(b"PAR1 nothing")
    done = command_line("+experiment=figures", f"runs={folder}", f"results_dir={tmp_path}")
    assert done.returncode == 2
    assert "requests.parquet" in done.stderr


def test_formats_are_those_of_the_context():
    with written_as(["svg"], titles=False):
        assert output() == Output(("svg",), False)
    assert output() == Output()


@pytest.mark.medium
def test_a_run_that_was_asked_for_none_has_no_figures_until_they_are_drawn_anew(tmp_path):
    quick = ("+experiment=quick_testbed", "hosts=modelled", "search.trials=8", "data.images=12")
    place = ("workload.requests=3", "tracking=none", f"results_dir={tmp_path}")
    done = command_line(*quick, *place, "figures.draw=false")
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "quick_testbed").iterdir()
    assert list(folder.glob("*.png")) == []
    assert "<img" not in (folder / "report.html").read_text()

    asked = ("figures.formats=[png]", "figures.only=[front]", f"results_dir={tmp_path}")
    done = command_line("+experiment=figures", f"runs='{folder}'", *asked)
    assert done.returncode == 0, done.stderr
    assert drawn(tmp_path) == {"front.png"}

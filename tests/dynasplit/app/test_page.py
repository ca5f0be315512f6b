"""The page of a run: its numbers are those of summary.json, and it holds all that it shows."""

import contextlib
import dataclasses
import html
import json
import re
import shutil
import subprocess
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dynasplit.accounting import build
from dynasplit.app.report.page import PAGE, Told, plots, write_page
from dynasplit.app.report.page.chart import Axis, Chart, Point
from dynasplit.app.report.page.content import gate_rows
from dynasplit.app.report.page.written import page_of
from dynasplit.app.setup.run_name import run_name
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.headlines import headlines
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.run.run_record import read_record
from dynasplit.tables import read_requests, read_runs

OLDER = Path(__file__).resolve().parents[2] / "older" / "quick_testbed"
PICTURE = Path(__file__).resolve().parents[3] / "docs" / "front.png"
BROWSER = shutil.which("chromium")
OPENS_MS = 2000


@pytest.fixture(scope="module")
def told() -> Told:
    rows = read_requests(OLDER / "requests.parquet").rows
    summary = json.loads((OLDER / "summary.json").read_text())
    summary["policies"] = summarise_requests(rows)
    summary |= {"accounting": "occupied", "by_accounting": headlines(rows, build("occupied"))}
    summary["workload"] = {"words": "of an older run"}
    summary |= {"given_up": [], "seed": 0}
    record = read_record(OLDER)
    record.command = ["+experiment=quick_testbed", "workload.file=my file.csv"]
    record.host_facts = {"edge": {"node": "pi4", "meter": "<b>GPM</b>"}}
    measured = read_runs(OLDER / "runs.parquet").measurements
    measured[5] = dataclasses.replace(
        measured[5], flags=("steady", "frequency"), gates={"steady_pct": 7.5}
    )
    return Told(
        name=run_name(record.configuration, "digits_cnn"),
        summary=summary,
        record=record,
        front=ParetoFront.load(OLDER / "front.json"),
        measured=measured,
        served=rows,
        source="emulated",
        told=("with the fault <script>alert(1)</script>",),
    )


class Numbers(HTMLParser):
    """The numbers of a page: where each is in summary.json, its value, and how it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._open: tuple[str, str] | None = None

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "data":
            self._open = named["data-key"], named["value"]

    def handle_data(self, data):
        if self._open is not None:
            self.found.append((*self._open, data))
            self._open = None


def at(summary, key: str):
    for part in key.split("."):
        summary = summary[int(part)] if isinstance(summary, list) else summary[part]
    return summary


def shown_number(words: str) -> float:
    number, _, unit = words.replace(",", "").partition(" ")
    return float(number) / (1000 if unit == "mJ" else 1)


def test_its_numbers_are_those_of_the_summary(told):
    keys = assert_of_summary(page_of(told), told.summary)
    for policy, block in told.summary["policies"].items():
        wanted = ("met_pct", "latency_ms.mean", "energy_saving_vs_cloud_pct", "infeasible")
        assert {f"policies.{policy}.{name}" for name in wanted} - keys <= {
            f"policies.{policy}.energy_saving_vs_cloud_pct"  # told by accounting
        }, block
    assert "by_accounting.occupied.policies.dynasplit.energy_saving_vs_cloud_pct" in keys


def assert_of_summary(text: str, summary) -> set[str]:
    """Each number of a page is the one in summary.json; returns which there are."""
    parser = Numbers()
    parser.feed(text)
    assert len(parser.found) > 80
    for key, value, shown in parser.found:
        there = at(summary, key)
        assert json.loads(value) == there, key
        if there is None:
            assert shown == "-", key
        else:
            assert shown_number(shown) == pytest.approx(there, abs=0.0501, rel=0.005), key
    return {key for key, *_ in parser.found}


def test_it_asks_no_other_machine(told, tmp_path):
    page = write_page(tmp_path, told, [PICTURE])
    text = page.read_text()
    assert page.name == PAGE
    assert page.stat().st_size < 5e6
    assert "default-src 'none'" in text
    library, own = plots.scripts()
    assert "Licensed under the MIT license" in library
    assert text.count(library) == text.count(own) == 1
    text = text.replace(library, "")  # which names addresses, and may ask none of them
    for address in re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(([^)]*)\)""", text):
        assert "".join(address).startswith(("data:", "#")), address
    assert not re.search(r"@import|https?://(?!arxiv)", text)


def test_it_says_how_valid_it_is(told):
    text = page_of(told)
    assert "EMULATED hosts" in text
    assert "with the fault &lt;script&gt;" in text
    assert re.search(r'class="doubtful">steady</td><td class="n">1</td>', text)
    assert re.search(r'<td>steady</td><td class="doubtful">doubtful</td>', text)
    assert html.escape(told.measured[5].configuration.words()) in text
    assert "Nothing to judge by in these windows: background" in text


def test_a_gate_without_a_number_of_its_own_is_not_said_to_have_judged_nothing(told):
    """`late` compares a window with those before it, so that none is kept."""

    def page(flags: tuple[str, ...]) -> str:
        first = dataclasses.replace(told.measured[0], flags=flags)
        return page_of(dataclasses.replace(told, measured=[first, *told.measured[1:]]))

    quiet = page(())
    (unkept,) = re.findall(r"no number is kept of: ([^<]*)\.<", quiet)
    assert {"late", "felt", "repeated"} <= set(unkept.split(", "))
    (silent,) = re.findall(r"Nothing to judge by in these windows: ([^<]*)\.<", quiet)
    assert not set(silent.split(", ")) & set(unkept.split(", "))
    assert "<tr><td>late</td>" not in quiet
    assert '<tr><td>late</td><td class="doubtful">doubtful</td>' in page(("late",))


def test_it_says_what_is_on_the_front_and_how_to_repeat_it(told):
    text = page_of(told)
    for member in told.front.summaries:
        assert f"<td>{member.configuration.words()}</td>" in text
    assert (
        "python run_experiment.py +experiment=quick_testbed &#39;workload.file=my file.csv&#39;"
        in (text)
    )
    assert told.record.git_revision in text
    assert "meter: &lt;b&gt;GPM&lt;/b&gt;" in text
    assert "<code>search.fraction</code>" in text


def test_a_run_without_energy_and_from_a_given_front_has_a_page(told):
    front = ParetoFront.build(
        [dataclasses.replace(m, energy_j=None) for m in told.measured],
        model="digits_cnn",
        last_split_point=7,
        source="measured",
    )
    rows = [
        dataclasses.replace(r, measurement=dataclasses.replace(r.measurement, energy_j=None))
        for r in told.served
    ]
    summary = told.summary | {"policies": summarise_requests(rows)}
    summary |= {"by_accounting": headlines(rows, build("occupied"))}
    summary["search"] = {**summary["search"], "front_runs_least": None, "hypervolume": None}
    text = page_of(
        dataclasses.replace(
            told, front=front, measured=(), served=rows, summary=summary, source="measured"
        )
    )
    assert "Latency and energy of what was measured" not in text
    assert "No gate had a window to judge" in text


def test_the_name_tells_a_run_from_its_like():
    configuration = {
        "seed": 3,
        "search": {"algorithm": "structured"},
        "hosts": {"kind": "emulated", "profile": "pi4_coral_v100"},
    }
    assert run_name(configuration, "vgg16") == (
        "structured · seed 3 · vgg16 · emulated pi4_coral_v100"
    )
    hosts = {"kind": "ssh", "edge": {"address": "me@pi4"}, "cloud": {"address": "node7"}}
    assert run_name(configuration | {"hosts": hosts}, "vgg16") == (
        "structured · seed 3 · vgg16 · ssh pi4-node7"
    )
    assert run_name(configuration | {"front": "a/front.json"}, "vgg16") == (
        "front front.json · seed 3 · vgg16 · emulated pi4_coral_v100"
    )


@pytest.mark.parametrize("values", [[1.0], [20.0, 30.0], [0.01, 5000.0], [90.0, 91.0]])
def test_an_axis_has_numbers_and_holds_its_values(values):
    axis = Axis.of(values, 60, 700)
    assert all(60 <= axis.place(v) <= 700 for v in values)
    assert 1 <= len(axis.ticks) <= 9
    assert all(60 <= place <= 700 for place, _ in axis.ticks)


def test_points_that_no_logarithm_has_are_left_out():
    drawn = Chart.of([Point(0, 1, "split", "a"), Point(2, 3, "split", "b")], "x", "y")
    assert [p.words for p in drawn.points] == ["b"]


TRY = """<script>
const until = (test) => new Promise((done) => {
  const ask = () => (test() ? done() : setTimeout(ask, 20));
  ask();
});
const change = (id) => {
  const box = document.getElementById(id);
  box.click();
};
(async () => {
  const out = document.documentElement.dataset;
  const plot = (id) => document.getElementById(id);
  await until(() => out.drawnMs);
  const points = () => plot("plot-requests").querySelectorAll(".scatterlayer path.point").length;
  out.points = points();
  out.words = plot("plot-requests").data[0].text[0];
  change("show-cloud_only");
  await until(() => points() < out.points);
  out.fewer = points();
  change("row-cloud_only");
  await until(() => plot("plot-energies").data[0].x.length < 5);
  out.bars = plot("plot-energies").data[0].x.join(" ");
  change("by-wall");
  await until(() => plot("plot-energies").data[0].name === "wall");
  out.wall = JSON.stringify(plot("plot-energies").data[0].y);
  await Plotly.relayout(plot("plot-front"), { "xaxis.range": [1.4, 1.5] });
  out.zoomed = plot("plot-front")._fullLayout.xaxis.range.join(" ");
  out.still = getComputedStyle(document.querySelector(".still")).display;
  out.wide = document.documentElement.scrollWidth - innerWidth;
  document.querySelector("#f-front a.open").click();
  out.enlarged = getComputedStyle(plot("f-front")).position;
  document.querySelector("#f-front a.close").click();
  out.closed = getComputedStyle(plot("f-front")).position;
  scrollTo(0, 0);
  document.querySelector('nav a[href="#repeat"]').click();
  out.scrolled = Math.round(scrollY);
  out.hash = location.hash;
  out.tried = "yes";
})();
</script></body>"""


@pytest.mark.medium
@pytest.mark.skipif(BROWSER is None, reason="needs Debian's chromium")
@pytest.mark.parametrize("size", ["500,844", "1600,1000"])
def test_a_browser_draws_it_in_two_seconds_without_a_complaint_and_follows_choices(
    told, tmp_path, size
):
    told = dataclasses.replace(told, summary=told.summary | {"by_accounting": both(told)})
    page = write_page(tmp_path, told, [PICTURE])
    page.write_text(page.read_text().replace("</body>", TRY))
    with served(tmp_path) as (address, asked):
        done = subprocess.run(
            [
                *(BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--enable-logging=stderr", "--dump-dom"),
                *(f"--window-size={size}", f"--user-data-dir={tmp_path / 'profile'}"),
                *("--timeout=20000", f"{address}/{PAGE}"),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert asked == [f"/{PAGE}"]
    assert "CONSOLE" not in done.stderr
    assert_of_summary(done.stdout, told.summary)
    shown = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', done.stdout.partition("<head>")[0]))
    assert shown["tried"] == "yes"
    assert int(shown["drawn-ms"]) < OPENS_MS
    served_by = [row.policy for row in told.served]
    assert int(shown["points"]) == len(served_by)
    assert int(shown["fewer"]) == len(served_by) - served_by.count("cloud_only")
    assert shown["words"].startswith("request 0, dynasplit: split ")
    assert "cloud_only" not in shown["bars"]
    wall = told.summary["by_accounting"]["wall"]["policies"]
    means = [block["energy_j_mean"] for name, block in wall.items() if name != "cloud_only"]
    assert json.loads(html.unescape(shown["wall"])) == means
    assert shown["zoomed"] == "1.4 1.5"
    assert shown["still"] == "none"
    assert (shown["enlarged"], shown["closed"]) == ("fixed", "static")
    assert int(shown["scrolled"]) > 100
    assert shown["hash"] == ""  # so it works where a page is shown within another one
    assert int(shown["wide"]) <= 0


def both(told):
    """The figures by accounting, and the same of another one with energies of its own."""
    known = told.summary["by_accounting"]["occupied"]
    other = {
        name: block | {"energy_j_mean": block["energy_j_mean"] + 4.0}
        for name, block in known["policies"].items()
    }
    return {"occupied": known, "wall": known | {"label": "wall", "policies": other}}


@contextlib.contextmanager
def served(folder: Path):
    """A server of a folder's files: its address, and the paths that are asked for."""
    asked = []

    class Asked(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Asked, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_control_that_drifted_is_doubtful_though_no_window_is(told):
    def verdict(doubtful):
        controls = {"controls": {"doubtful": doubtful}}
        rows = gate_rows(dataclasses.replace(told, summary=told.summary | controls))
        (row,) = [row for row in rows if row["name"] == "control_drift"]
        return row["flagged"], row["verdict"]

    assert verdict(["the control: latency_ms was 1 and is 2"]) == (1, "doubtful")
    assert verdict([]) == (0, "not judged")

"""Split points as the command lists them, and networks that a profile's law predicts."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from dynasplit.app.setup import describe_splits
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.run_inputs import TestbedInputs
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.figures import draw_network_figure
from dynasplit.profile.law import read_cuts
from experiments import describe_model
from hosts.emulation.profile import load_profile
from hosts.models.prepare.describe import Description, SplitPointDescription

ROOT = Path(__file__).resolve().parents[3]


def vit_like(last: int = 19) -> Description:
    points = []
    for k in range(last + 1):
        sent_bytes = 605_184 if k < last else 0
        work = (900.0 * k, 900.0 * (last - k))
        points.append(SplitPointDescription(k, f"block_{k}", (197, 768), sent_bytes, *work))
    return Description("vit_b16", tuple(points))


def config_of(network: str, **hosts: str) -> Config:
    config = Config(name="x")
    config.model.name, config.data.name = network, "photos"
    config.hosts.kind = hosts.get("kind", "modelled")
    config.hosts.profile = hosts.get("profile", "pi4_coral_v100")
    config.search.algorithm = "random"
    return config


def inputs_of(config: Config) -> TestbedInputs:
    return kind_of(config).inputs(None, print)


@pytest.fixture
def described(monkeypatch):
    monkeypatch.setattr(describe_splits, "description_of", lambda *_: vit_like())


def test_a_network_without_timings_is_predicted_without_the_accelerator(described):
    inputs = inputs_of(config_of("vit_b16"))
    assert inputs.is_predicted
    assert len(inputs.space) == 273  # as published: 20 split points, 7 frequencies, GPU on and off
    assert inputs.space.knob("edge_accelerator").values == ("off",)
    told = "vit_b16: predicted from multiply-accumulates, corrected by published figures."
    assert told in inputs.profile.assumed
    law, row = inputs.profile.law, inputs.profile.split("vit_b16", 10)
    by_law = 9000 * law.edge_ms_ghz_per_mmac + 48.8
    assert row.edge["off"][0] == pytest.approx(by_law * law.corrections["vit_b16"][0])
    assert row.tensor_kb == 591.0
    assert len(inputs.predictions) == 273


def test_what_was_predicted_belongs_to_the_identity(described, monkeypatch):
    one = inputs_of(config_of("vit_b16")).artifacts
    monkeypatch.setattr(describe_splits, "description_of", lambda *_: vit_like(18))
    other = inputs_of(config_of("vit_b16")).artifacts
    assert len(one) == len(other) == 1
    assert one != other
    assert inputs_of(config_of("vgg16")).artifacts == {}


def test_a_network_with_timings_is_not_described(monkeypatch):
    monkeypatch.setattr(describe_splits, "description_of", None)
    inputs = inputs_of(config_of("vgg16"))
    assert not inputs.is_predicted
    assert len(inputs.space) == 917


def test_a_profile_without_a_law_says_so(described, tmp_path):
    whole = (ROOT / "hosts/emulation/profiles/quick.yaml").read_text()
    before, law, after = whole.partition("\nlaw:\n")
    assert law
    (tmp_path / "lawless.yaml").write_text(before + "\nnetworks:" + after.partition("networks:")[2])
    with pytest.raises(ConfigurationError, match=r"no timings of it, and no law .* it has: digits"):
        inputs_of(config_of("vit_b16", profile=str(tmp_path / "lawless.yaml")))


def test_modelled_hosts_need_no_tensorflow_for_what_the_profile_has():
    code = (
        "import sys\n"
        "from tests.dynasplit.app.test_describe_splits import config_of\n"
        "from tests.dynasplit.app.test_describe_splits import inputs_of\n"
        "assert len(inputs_of(config_of('vgg16')).predictions) == 917\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("asked", [[], [0, 20], [-1]])
def test_split_points_that_are_none_are_refused(asked):
    with pytest.raises(ConfigurationError, match=r"vit_b16 has 0\.\.19"):
        describe_splits.chosen_of(asked, vit_like())


def test_the_table_shows_what_was_chosen():
    chosen = describe_splits.chosen_of([0, 10, 19], vit_like())
    console = Console(width=100)
    with console.capture() as shown:
        console.print(describe_model.table(vit_like(), chosen))
    text = shown.get()
    assert "vit_b16: 3 of 20 split points" in text
    assert "block_10" in text
    assert "block_11" not in text
    assert "9,000.0" in text
    assert "52.6" in text


@pytest.mark.parametrize("count", [8, 76])
def test_a_figure_of_few_and_of_many_split_points(tmp_path, count):
    from PIL import Image

    places = vit_like(count - 1).split_points
    drawn = draw_network_figure(tmp_path / "model.png", "vit_b16", places, [0, 3, count - 1])
    with Image.open(drawn) as image:
        image.load()
        assert image.info["Title"] == "vit_b16: where it can be split"
        assert f"3 of {count} split points" in image.info["Source"]


@pytest.mark.medium
def test_describe_model_leaves_what_fit_profile_reads(tmp_path):
    words = ["+experiment=describe_model", "model=digits_cnn", "hosts=modelled"]
    more = ["model.split_points=[0,3,7]", f"results_dir={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "run_experiment.py", *words, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "digits_cnn: 3 of 8 split points" in done.stdout
    (folder,) = (tmp_path / "describe_model").glob("*_*")
    told = json.loads((folder / "model.json").read_text())
    assert told["model"] == "digits_cnn"
    assert [p["index"] for p in told["split_points"]] == [0, 3, 7]
    keys = {"index", "name", "shape", "bytes", "head_mmac", "tail_mmac"}
    assert all(set(point) == keys for point in told["split_points"])
    assert told["split_points"][1]["shape"] == [8, 8, 32]
    cuts = read_cuts(folder / "macs.csv")
    assert len(cuts) == 8
    assert cuts[3].head_mmac == told["split_points"][1]["head_mmac"]
    assert cuts[3].head_mmac == pytest.approx((256 * 9 * 16 + 64 * 9 * 16 * 32) / 1e6)
    assert (folder / "model.png").stat().st_size > 10_000
    words = ["+experiment=fit_profile", "fit.profile=pi4_coral_v100", "fit.network=digits_cnn"]
    more = [f"fit.macs={folder / 'macs.csv'}", f"results_dir={tmp_path}", "tracking=none"]
    fitted = subprocess.run(
        [sys.executable, "run_experiment.py", *words, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert fitted.returncode == 0, fitted.stderr
    (folder,) = (tmp_path / "fit_profile").glob("*_*")
    profile = load_profile(str(folder / "profile.yaml"))
    assert profile.networks["digits_cnn"].last_split_point == 7


@pytest.mark.medium
def test_an_unknown_network_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "run_experiment.py", "+experiment=describe_model", "model.name=alexnet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "'alexnet' asked; there are" in done.stderr


def test_a_description_survives_its_file():
    encoded = msgspec.json.encode(vit_like())
    assert msgspec.json.decode(encoded, type=Description) == vit_like()

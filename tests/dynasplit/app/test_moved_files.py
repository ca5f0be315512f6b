"""Files that a run is asked for with are known by their content: moved ones are the same."""

from dataclasses import asdict
from pathlib import Path

import pytest

from dynasplit.app.setup.resolve import record_inputs
from dynasplit.config import load
from dynasplit.config.input_files import NAMING, without_places
from dynasplit.config.schema import Config
from dynasplit.run.identity import Determining, Identities, identity_of
from hosts.emulation.profile import PROFILES
from tests.test_configs import composed, hydra_at_conf

__all__ = ["hydra_at_conf"]
pytestmark = pytest.mark.usefixtures("hydra_at_conf")

RUNS = "split_point,latency_ms,energy_j\n0,9,1\n22,5,2\n"


def known_by(*words: str) -> Identities:
    record = record_inputs(composed("+experiment=vgg16_testbed", "hosts=modelled", *words))
    return Identities(_hash(record.campaign), _hash(record.online))


def _hash(of: Determining) -> str:
    return identity_of(of.configuration, files=of.files)


CONTENTS = {
    "runs": (RUNS, RUNS.replace("9", "8")),
    "hosts.profile": (
        (PROFILES / "quick.yaml").read_text(),
        (PROFILES / "quick.yaml").read_text() + "# later\n",
    ),
    "front": ("{}", "{ }"),
    "workload.file": ("Index,Network,Latency\n", "Index,Network,Latency\n1,a,2\n"),
}


@pytest.mark.parametrize("option", CONTENTS)
def test_a_file_is_known_by_its_content_alone(option, tmp_path):
    content, changed = CONTENTS[option]
    suffix = {"hosts.profile": ".yaml", "front": ".json"}.get(option, ".csv")
    places = [tmp_path / name / f"{name}{suffix}" for name in ("here", "there", "later")]
    for place, text in zip(places, (content, content, changed), strict=True):
        place.parent.mkdir()
        place.write_text(text)
    here, there, later = (known_by(f"{option}={place}") for place in places)
    assert here == there
    assert later != here
    at = 0 if option in ("runs", "hosts.profile") else 1
    assert later[1 - at] == here[1 - at]  # the other phase does not depend on it


def test_a_profile_that_is_like_another_file_depends_on_both(tmp_path):
    base, other = tmp_path / "base.yaml", tmp_path / "other.yaml"
    base.write_text((PROFILES / "pi4_coral_v100.yaml").read_text())
    text = (PROFILES / "pi4_coral_h200.yaml").read_text()
    assert "like: pi4_coral_v100" in text
    other.write_text(text.replace("like: pi4_coral_v100", f"like: {base}"))
    before = known_by(f"hosts.profile={other}")
    base.write_text(f"{base.read_text()}# later\n")
    assert known_by(f"hosts.profile={other}").campaign != before.campaign


def _named(option: str, value: str) -> dict[str, object]:
    *groups, key = option.split(".")
    return {groups[0]: {key: value}} if groups else {key: value}


@pytest.mark.parametrize("option", NAMING)
def test_a_name_that_is_no_file_s_stays(option, tmp_path, monkeypatch):
    """Also where something of that name lies in the folder that the command is given in."""
    monkeypatch.chdir(tmp_path)
    plain = _named(option, "quick")
    assert without_places(plain) == plain
    (tmp_path / "quick").mkdir()
    assert (without_places(plain) == plain) == (option != "data.path")


def test_a_network_s_file_is_known_by_its_name_and_what_is_made_of_it(tmp_path):
    for name in ("a/net.keras", "b/net.keras", "b/other.keras"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    network = ("model=keras_file", "hosts.profile=quick")
    a, b, other = (
        known_by(*network, f"model.path={tmp_path / name}")
        for name in ("a/net.keras", "b/net.keras", "b/other.keras")
    )
    assert a == b  # beside which the prepared files' hashes stand
    assert a.campaign != other.campaign  # results call it otherwise


def _metered(meters: list[dict[str, object]]) -> Config:
    config = composed("+experiment=vgg16_testbed", "hosts=lab")
    config.hosts.edge.meters = meters
    config.hosts.edge.meter = "none"
    return config


def test_from_which_machine_a_meter_is_read_begins_no_new_campaign():
    elsewhere = {"address": "pi", "key_file": "/k", "python": "/p"}
    configs = [
        _metered([{"meter": "gpm8213", "resource": "a", **place}])
        for place in ({}, {"runs_on": "controller"}, {"runs_on": elsewhere})
    ]
    first, *others = (without_places(load.campaign(config)) for config in configs)
    assert others == [first, first]
    assert load.measured_otherwise(load.determining(configs[0]), configs[2]) == []
    other = _metered([{"meter": "gpm8213", "resource": "b"}])
    assert without_places(load.campaign(other)) != first
    assert len(load.measured_otherwise(load.determining(configs[0]), other)) == 1


def test_a_named_run_measured_the_same_if_its_file_was_moved(tmp_path):
    def config(path: Path, text: str) -> Config:
        path.write_text(text)
        return composed("+experiment=vgg16_testbed", "hosts=modelled", f"hosts.profile={path}")

    before = load.determining(config(tmp_path / "a.yaml", "x"))
    assert load.measured_otherwise(before, config(tmp_path / "b.yaml", "x")) == []
    assert load.measured_otherwise(before, config(tmp_path / "b.yaml", "y")) == [
        f"hosts.profile={tmp_path}/a.yaml there, {tmp_path}/b.yaml here"
    ]


def test_without_files_a_run_is_known_by_the_same_as_before():
    for words in ((), ("hosts=local",), ("hosts=lab",)):
        config = composed("+experiment=quick_testbed", *words)
        assert without_places(load.campaign(config)) == load.campaign(config)
        assert without_places(asdict(config)) == asdict(config)

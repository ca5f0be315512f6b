"""What paths and names come to: the home folder, what may lie where, what is shown of a URI."""

import shutil
from dataclasses import fields, is_dataclass

import pytest
from hydra import compose, initialize_config_dir

from dynasplit.config import load as composing
from dynasplit.config.rules import check_rules, rule_of, settle
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from hosts.emulation.profile import PROFILES
from tests.commands import command_line
from tests.conftest import ROOT

PATHS = [
    "front",
    "runs",
    "resume",
    "results_dir",
    "default_profile",
    "hosts.profile",
    "hosts.edge.key_file",
    "hosts.edge.known_hosts",
    "hosts.cloud.key_file",
    "hosts.cloud.known_hosts",
    "model.weights",
    "model.path",
    "data.path",
    "data.labels",
    "workload.file",
    "fit.macs",
    "fit.profile",
]


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def composed(*overrides: str, conf: str = str(ROOT / "conf")) -> Config:
    composing.register()
    with initialize_config_dir(conf, version_base="1.3"):
        found = compose("config", overrides=["+experiment=vgg16_testbed", *overrides])
    return composing.load(found)


def value_at(config: Config, path: str):
    place = config
    for part in path.split("."):
        place = getattr(place, part)
    return place


def options(group=None, where=""):
    for one in fields(group or Config()):
        value = getattr(group or Config(), one.name)
        if is_dataclass(value):
            yield from options(value, f"{where}{one.name}.")
        else:
            yield f"{where}{one.name}", rule_of(type(group or Config()), one.name)


def test_every_option_with_a_path_s_rule_is_looked_at_here():
    found = [path for path, rule in options() if rule and rule.settle("~/x") != "~/x"]
    assert sorted(found) == sorted([*PATHS, "tracking.uri", "search.storage"])


@pytest.mark.parametrize(
    ("said", "comes_to"), [("~/a b/x", "{home}/a b/x"), ("~", "{home}"), ("/a/~/x~", "/a/~/x~")]
)
@pytest.mark.fault(
    group="command line",
    fault="`~` in quotes or in a file of one's own",
    seen="nothing: it is the home folder",
)
def test_the_tilde_is_the_home_folder(home, said, comes_to):
    config = composed(*(f"{path}='{said}'" for path in PATHS))
    expected = comes_to.format(home=home)
    assert {path: value_at(config, path) for path in PATHS} == dict.fromkeys(PATHS, expected)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("sqlite:///~/m.db", "sqlite:///{home}/m.db"),
        ("~/runs", "{home}/runs"),
        ("file:~/runs", "file:{home}/runs"),
        ("file://~/runs", "file://{home}/runs"),
        ("http://host/~me/x", "http://host/~me/x"),
        ("sqlite:///rel/m.db", "sqlite:///rel/m.db"),
    ],
)
def test_a_store_s_path_may_begin_with_it_too(home, asked, found):
    config = Config()
    config.tracking.uri = asked
    settle(config)
    assert config.tracking.uri == found.format(home=home)


def test_words_that_are_no_paths_stay():
    assert composed().model.weights == "auto"
    assert composed("hosts.profile=quick").hosts.profile == "quick"


@pytest.mark.parametrize("flag", [["--config-dir=~/conf"], ["-cd", "~/conf"]])
def test_a_file_of_one_s_own_settings_may_say_it(home, flag):
    (home / "conf/hosts").mkdir(parents=True)
    (home / "conf/hosts/mine.yaml").write_text("kind: modelled\nprofile: ~/lab.yaml\n")
    shutil.copy(PROFILES / "quick.yaml", home / "lab.yaml")
    words = ["+experiment=quick_testbed", "hosts=mine", "dry_run=true"]
    told = command_line(*flag, *words)
    assert (told.returncode, told.stderr) == (0, "")
    assert "(by profile quick)" in told.stdout


def test_results_appear_in_the_home_folder(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (home / "macs.csv").write_text(
        "split_point,head_mmac,tail_mmac,tensor_kb\n0,0,20,588\n1,12,8,98\n2,20,0,0\n"
    )
    words = ["+experiment=fit_profile", "fit.macs=~/macs.csv", "fit.profile=pi4_coral_v100"]
    found = command_line(*words, "results_dir=~/my results")
    assert (found.returncode, found.stderr) == (0, "")
    assert f"Results: {home}/my results/fit_profile/" in found.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


@pytest.mark.medium
def test_so_does_what_is_kept_of_a_multirun(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["+experiment=quick_testbed", "hosts=modelled", "dry_run=true", "results_dir=~/mine"]
    found = command_line("-m", *words, "seed=0,1")
    assert (found.returncode, found.stderr) == (0, "")
    assert [p.name for p in (home / "mine").iterdir()] == ["multirun.yaml"]
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


def test_a_user_who_is_not_there_has_no_home():
    with pytest.raises(ConfigurationError, match=r"results_dir=~nobody_here/x; allowed: .*\./~"):
        check_rules(composed("results_dir='~nobody_here/x'"))


@pytest.mark.parametrize("value", ["", "a\0b", "x" * 5000])
@pytest.mark.parametrize("name", ["results_dir", "runs", "front", "model.path", "data.labels"])
@pytest.mark.fault(
    group="command line",
    fault="a path that cannot be",
    seen="the option and what is allowed",
)
def test_what_cannot_be_a_path_is_refused(name, value):
    config = Config(name="x")
    *groups, key = name.split(".")
    group = value_at(config, groups[0]) if groups else config
    setattr(group, key, value)
    with pytest.raises(ConfigurationError, match=f"^{name}=.*; allowed: "):
        check_rules(group, "".join(f"{one}." for one in groups))


@pytest.mark.fault(
    group="command line",
    fault="a path with bytes that are not UTF-8, or with control characters",
    seen="`... allowed: text in UTF-8`, exit code 2, without those characters",
)
@pytest.mark.parametrize("strange", ["\udcff", "\x1b[31m", "\x07"])
def test_text_that_no_record_can_hold_is_refused(strange):
    with pytest.raises(ConfigurationError) as refused:
        composed(f'results_dir="/x/{strange}"')
    told = str(refused.value)
    assert told.startswith("results_dir=/x/\N{REPLACEMENT CHARACTER}")
    assert told.endswith("allowed: text in UTF-8")
    assert strange not in told


def test_letters_of_any_script_are_text():
    assert composed('results_dir="/x/ä 結果 😀"').results_dir == "/x/ä 結果 😀"

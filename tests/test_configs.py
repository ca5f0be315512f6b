"""Every configuration that users may compose is composed and checked."""

from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from dynasplit.app.cli import help as listing
from dynasplit.config import load as composing
from dynasplit.config import schema as config
from dynasplit.config.rules import check_rules
from dynasplit.core.errors import ConfigurationError
from dynasplit.offline import search

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = [(group, option) for group, options in listing.groups().items() for option in options]
DEFAULTS = listing.default_options()
_DEFAULT = "${default_profile}"
COMPOSED = [o for o in OPTIONS if o[0] in DEFAULTS]


@pytest.fixture(autouse=True)
def hydra_at_conf():
    composing.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        yield


def composed(*overrides: str) -> config.Config:
    return composing.load(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize("name", listing.experiments())
def test_an_experiment_composes_and_passes_the_checks(name):
    found = composed(f"+experiment={name}")
    check_rules(found)
    assert found.name == name


@pytest.mark.parametrize(
    ("words", "profile"),
    [
        ((), "quick"),
        (("hosts=modelled",), "quick"),
        (("hosts=emulated", "hosts.profile=pi4_coral_v100"), "pi4_coral_v100"),
        (("hosts=lab",), None),
        (("hosts=minipc",), None),
        (("hosts=local",), None),
    ],
)
def test_an_experiment_brings_its_profile_to_made_up_hosts_alone(words, profile):
    """Hosts of one's own say themselves which values there are."""
    assert composed("+experiment=quick_testbed", *words).hosts.profile == profile


def given_by(group: str, option: str) -> dict:
    """The values of an option's file and of those that it is made from.

    As in an experiment that sets nothing else, whose default profile is the schema's.
    """
    said = yaml.safe_load((ROOT / "conf" / group / f"{option}.yaml").read_text())
    made_from = [given_by(group, name) for name in said.pop("defaults", []) if name != "_self_"]
    default = config.Config.default_profile
    return merged({}, *made_from, {k: default if v == _DEFAULT else v for k, v in said.items()})


def merged(*parts: dict) -> dict:
    found: dict = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(found.get(key), dict)
            found[key] = merged(found[key], value) if both else value
    return found


@pytest.mark.parametrize(("group", "option"), COMPOSED)
def test_an_option_gives_an_experiment_the_values_of_its_file(group, option):
    """An experiment that sets nothing else; what the file leaves out is as the class says."""
    found = asdict(composed("+experiment=vgg16_testbed", f"{group}={option}"))[group]
    given = {k: v for k, v in given_by(group, option).items() if v != "???"}
    assert given
    assert merged(asdict(getattr(config.Config(), group)), given) == found


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_an_option_says_what_it_is_in_its_first_line(group, option):
    assert listing._headline(ROOT / "conf" / group / f"{option}.yaml")


def test_each_search_algorithm_has_its_option_and_the_other_way_round():
    assert set(listing.groups()["search"]) == set(search.names())


@pytest.mark.parametrize("option", listing.groups()["search"])
def test_a_search_option_names_options_that_the_algorithm_has(option):
    found = composed("+experiment=vgg16_testbed", f"search={option}").search
    assert found.algorithm == option
    search.build(found.algorithm, **found.options)


def test_an_added_key_is_refused_with_what_is_allowed():
    with pytest.raises(ConfigurationError, match=r"no key search\.frac; allowed under search: alg"):
        composed("+experiment=vgg16_testbed", "+search.frac=0.2")


def test_what_does_not_change_the_result_is_not_part_of_the_identity():
    plain = composing.determining(composed("+experiment=vgg16_testbed"))
    same = ["results_dir=x", "resume=false", "debug=true", "tracking=none", "hosts.speedup=10"]
    assert composing.determining(composed("+experiment=vgg16_testbed", *same)) == plain
    assert composing.determining(composed("+experiment=vgg16_testbed", "seed=1")) != plain


def test_off_in_a_file_is_a_word_and_not_false():
    found = composed("+experiment=vgg16_testbed", "measure=strict", "measure.gates.every=off")
    assert found.measure.gates.every == "off"
    assert asdict(found)["measure"]["gates"]["steady"]["action"] == "again"
    check_rules(found)


def test_an_option_that_came_later_counts_where_it_is_not_as_by_default():
    """So runs from before it was there are continued."""
    before = composing.campaign(composed("+experiment=quick_testbed"))
    assert not {"gates", "baseline_every", "warmup_s"} & set(before["measure"])
    assert set(before["space"]) == set(composing._FIRST_KNOBS)
    for words, (group, name) in (
        ("measure.warmup_s=1", ("measure", "warmup_s")),
        ("measure.gates.every=off", ("measure", "gates")),
        ("space.cpu_cores=[1,2]", ("space", "cpu_cores")),
        ("hosts.faults=[frozen_meter]", ("hosts", "faults")),
    ):
        after = composing.campaign(composed("+experiment=quick_testbed", words))
        assert name in after[group]


def changed(before: config.Config, **values: object) -> config.Config:
    """The same with other values; `__` stands between the names on the way to an option."""
    after = deepcopy(before)
    for path, value in values.items():
        *groups, name = path.split("__")
        place: object = after
        for group in groups:
            place = getattr(place, group)
        assert getattr(place, name) != value
        setattr(place, name, value)
    return after


REACHED = {"port": 2222, "user": "other", "key_file": "/k", "known_hosts": "/h", "python": "/p"}
SERVED = {"policies": ["fastest"], "policy__min_accuracy": 0.5, "workload__requests": 7}
TRIED = {"measure__retries": 9, "measure__outage_s": 1.0, "search__front_repeats": 1}


def test_how_hosts_are_reached_and_what_is_served_begins_no_new_campaign():
    """Nor do another number of requests, of tries, of repeats: what was measured goes on."""
    lab = composed("+experiment=quick_testbed", "hosts=lab")
    before = composing.campaign(lab)
    reached = {f"hosts__edge__{name}": value for name, value in REACHED.items()}
    reached |= {"hosts__edge__address": "10.0.0.9", "hosts__cloud__link_port": 7777}
    assert composing.campaign(changed(lab, **reached, **SERVED, **TRIED)) == before
    for name, value in (
        ("seed", 1),
        ("search__algorithm", "tpe"),
        ("hosts__edge__knobs", []),
        ("measure__min_window_s", 9.0),
    ):
        assert composing.campaign(changed(lab, **{name: value})) != before


def test_an_emulated_board_s_seed_belongs_to_its_host():
    """Where it is said, another seed of the search draws no other noise."""
    quick = composed("+experiment=quick_testbed")
    assert changed(quick, seed=2).hosts_seed == 2
    own = changed(quick, hosts__seed=5)
    assert [own.hosts_seed, changed(own, seed=2).hosts_seed] == [5, 5]

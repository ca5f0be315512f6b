"""Every configuration that users may compose is composed and checked."""

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
NOT_DEFAULT = [o for o in OPTIONS if o[0] in DEFAULTS and DEFAULTS[o[0]] != o[1]]


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


@pytest.mark.parametrize(("group", "option"), NOT_DEFAULT)
def test_an_option_composes_with_an_experiment(group, option):
    composed("+experiment=vgg16_testbed", f"{group}={option}")


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


def test_the_default_is_what_the_files_of_the_groups_say():
    """A key that a group's file leaves out has the class's default; none may be misspelt."""
    for group, option in OPTIONS:
        if group not in ("experiment",):
            given = yaml.safe_load((ROOT / "conf" / group / f"{option}.yaml").read_text())
            assert set(given) - {"defaults"} <= set(vars(getattr(config.Config(), group)))


def test_an_added_key_is_refused_with_what_is_allowed():
    with pytest.raises(ConfigurationError, match=r"no key search\.frac; allowed under search: alg"):
        composed("+experiment=vgg16_testbed", "+search.frac=0.2")


def test_what_does_not_change_the_result_is_not_part_of_the_identity():
    plain = composing.determining(composed("+experiment=vgg16_testbed"))
    same = ["results_dir=x", "resume=false", "debug=true", "tracking=none", "hosts.speedup=10"]
    assert composing.determining(composed("+experiment=vgg16_testbed", *same)) == plain
    assert composing.determining(composed("+experiment=vgg16_testbed", "seed=1")) != plain

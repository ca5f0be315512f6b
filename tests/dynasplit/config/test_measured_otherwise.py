"""What another run measured otherwise, by its configuration."""

from dynasplit.config.load import determining, measured_otherwise
from dynasplit.config.options.hosts import HostsConf
from dynasplit.config.schema import Config


def config(**changes) -> Config:
    made = Config(name="x", hosts=HostsConf(kind="modelled"))
    for path, value in changes.items():
        group, _, key = path.partition("__")
        setattr(getattr(made, group), key, value)
    return made


def test_nothing_is_said_of_the_same_nor_of_what_measures_nothing():
    before = determining(config(search__front_repeats=9, measure__retries=7))
    assert measured_otherwise(before, config()) == []


def test_each_option_is_named_with_both_values():
    before = determining(config(measure__min_window_s=2.0))
    assert measured_otherwise(before, config(measure__min_samples=30)) == [
        "measure.min_samples=20 there, 30 here",
        "measure.min_window_s=2.0 there, 0.5 here",
    ]


def test_an_option_that_came_later_was_as_it_is_by_default():
    before = determining(config())
    del before["measure"]["min_samples"]
    assert measured_otherwise(before, config()) == []
    faulty = config(hosts__faults=["frozen_meter"])
    assert measured_otherwise(before, faulty) == [
        "hosts.faults=[] there, ['frozen_meter'] here",
    ]


def test_a_run_from_before_equal_quality_is_the_same_where_it_excludes_nothing():
    now = determining(config(policy__max_accuracy_loss=None))
    assert set(now["policy"]) == {"quantile", "energy_tolerance", "margin", "min_accuracy"}
    assert determining(config())["policy"]["max_accuracy_loss"] == 1.0

"""Values are checked before anything starts."""

import pytest

from dynasplit.config.rules import check_rules
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from experiments import two_phase


def config_with(**values) -> Config:
    """A valid configuration, but for these values (`search__fraction=2` for search.fraction)."""
    config = Config(name="x")
    config.hosts.kind, config.hosts.profile = "modelled", "pi4_coral_v100"
    config.model.name, config.data.name = "vgg16", "photos"
    config.search.algorithm = "nsga3"
    for path, value in values.items():
        *groups, key = path.split("__")
        place = config
        for group in groups:
            place = getattr(place, group)
        setattr(place, key, value)
    return config


def refusal_of(**values) -> str:
    config = config_with(**values)
    try:
        check_rules(config)
        two_phase.check(config)
    except ConfigurationError as error:
        return str(error)
    return "nothing was refused"


def test_a_valid_configuration_passes():
    config = config_with()
    check_rules(config)
    two_phase.check(config)


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("seed", -1, "0 to"),
        ("search__fraction", 0.0, "above 0, up to 1"),
        ("search__fraction", float("nan"), "above 0, up to 1"),
        ("search__trials", 0, "1 or more"),
        ("search__algorithm", "nope", "nsga3"),
        ("search__min_gain", 0.1, "does not say what it expects to gain"),
        ("search__options", {"nope": 1}, "population_size"),
        ("search__options", {"population_size": "a"}, "int"),
        ("hosts__edge__meters", [{"resource": "x"}], "allowed: meter=NAME in each"),
        ("policies", ["nope"], "cloud_only"),
        ("policies", [], "at least one"),
        ("policies", ["fastest", "fastest"], "each once"),
        ("policy__quantile", 1.5, "from 0 to 1"),
        ("policy__margin", -0.1, "from 0"),
        ("policy__max_accuracy_loss", -1.0, "0 to 100 (points)"),
        ("policy__min_accuracy", 0.9, "policy.max_accuracy_loss=1 in its place"),
        ("workload__requests", None, "workload.file"),
        ("workload__min_ms", float("inf"), "above 0"),
        ("workload__file", "/nope.csv", "exists"),
        ("measure__mode", "nope", "latency, throughput"),
        ("measure__codec", "gzip", "none, lz4, zstd, float16, int8, float16+lz4"),
        ("measure__batch_size", 0, "1 or more"),
        ("space__codec", ["none", "gzip"], "none, lz4, zstd"),
        ("measure__min_inferences", 2000, "max_inferences=1000"),
        ("energy__accounting", "nope", "active, occupied, shared, wall"),
        ("tracking__kind", "nope", "mlflow, server, none"),
        ("tracking__kind", "server", "MLFLOW_TRACKING_URI=https://HOST"),
        ("hosts__kind", "nope", "emulated, local, modelled, recorded, ssh"),
        ("hosts__kind", "recorded", "runs=FILE"),
        ("hosts__profile", None, "hosts.profile=NAME or FILE"),
        ("hosts__profile", "nope", "pi4_coral_v100"),
        ("hosts__speedup", 0.0, "above 0"),
        ("model__name", "nope", "vgg16"),
        ("model__split_points", [23], "0..22"),
        ("space__cpu_mhz", [700], "600, 800"),
        ("space__edge_accelerator", ["turbo"], "off, std, max"),
        ("plan", "nope", "two_phase"),
        ("front", "/nope", "exists"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_is_allowed(path, value, allowed):
    said = refusal_of(**{path: value})
    assert allowed in said
    assert path.split("__")[-1].rstrip("s") in said or str(value) in said


def test_thresholds_must_ascend():
    assert "workload.max_ms=1" in refusal_of(workload__min_ms=5.0, workload__max_ms=1.0)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"model__weights": "nope"}, "random"),
        ({"data__name": "nope"}, "photos"),
    ],
)
def test_what_hosts_cannot_compute_is_refused_too(values, allowed):
    assert allowed in refusal_of(hosts__kind="emulated", **values)


def test_own_hosts_need_an_address_and_frequencies():
    assert "hosts.edge.address" in refusal_of(hosts__kind="ssh", hosts__profile=None)


@pytest.mark.parametrize(("name", "value"), [("codec", "zstd"), ("batch_size", 4)])
def test_recorded_runs_answer_only_what_was_measured(name, value):
    said = refusal_of(hosts__kind="recorded", runs=__file__, **{f"measure__{name}": value})
    assert f"measure.{name}={value}; hosts=recorded answers with what was measured" in said


def test_a_plan_without_hosts_takes_any():
    for kind in ("recorded", "ssh", "emulated"):
        check_rules(config_with(plan="describe_model", hosts__kind=kind))
    assert "say runs=FILE" in refusal_of(hosts__kind="recorded")


def test_a_host_s_meters_are_said_in_one_way():
    rapl = [{"meter": "rapl"}]
    assert refusal_of(hosts__edge__meters=rapl) == "nothing was refused"
    assert refusal_of(hosts__edge__meter="gpm8213") == "nothing was refused"
    assert refusal_of(hosts__edge__meters=rapl, hosts__edge__meter="gpm8213") == (
        "hosts.edge.meter=gpm8213; allowed: none, since meters lists this host's meters"
    )


def test_options_of_a_window_are_rules_of_the_window_by_the_same_names():
    """Stated in the schema and in WindowRules; what joins them knows no name."""
    from dataclasses import fields

    from dynasplit.app.setup.kinds import kind_of
    from dynasplit.config.options.measure import MeasureConf
    from hosts.wire.window_rules import WindowRules

    names = set(WindowRules.__struct_fields__)
    assert names <= {f.name for f in fields(MeasureConf)}
    told = kind_of(config_with(measure__max_window_s=7.0, measure__warmup=2)).rules()
    assert (told.max_window_s, told.warmup) == (7.0, 2)
    assert kind_of(config_with()).rules() == WindowRules()


@pytest.mark.parametrize(
    "name",
    ["../..", "..", ".", "", "/abs", "a/b", "a/../../b", "a\0b", "a\nb", "a b", "-m", "x" * 61],
)
@pytest.mark.fault(
    group="command line",
    fault="`name=../..`",
    seen="`a name of up to 60 letters`",
    kept="nothing is written elsewhere",
)
def test_no_name_of_an_experiment_leaves_or_overwrites_the_results(name):
    said = refusal_of(name=name)
    assert said.startswith(f"name={name!r}; allowed: a name of up to 60 letters")
    assert "results_dir" in said


@pytest.mark.parametrize("uri", ["", "a\0b", "https://me:s3cr3t x@host", "postgresql://h /db"])
def test_the_uri_of_a_store_is_checked_and_its_password_not_shown(uri):
    said = refusal_of(tracking__uri=uri)
    assert said.startswith("tracking.uri=")
    assert "allowed: the URI of a store" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize(
    "uri", ["sqlite:///my runs/m.db", "file:///my runs", "my runs", "http://h"]
)
def test_a_store_in_a_folder_with_a_space_is_taken(uri):
    assert refusal_of(tracking__uri=uri) == "nothing was refused"


@pytest.mark.parametrize("name", [".locks", "mlflow.db", "mlflow_artifacts", "multirun.yaml"])
def test_none_is_that_of_what_lies_beside_the_runs(name):
    assert refusal_of(name=name).startswith(f"name={name!r}; allowed: a name of")


@pytest.mark.parametrize("name", ["vgg16_testbed", "lab-2.1", "2026+gpu", "_x", "größe", "名" * 60])
def test_other_names_are_taken(name):
    assert refusal_of(name=name) == "nothing was refused"


def test_each_gate_is_set_by_its_own_options():
    from dynasplit.app.setup.kinds import kind_of

    plain = kind_of(config_with()).gate_rules()
    assert plain.actions["negative"] == "again"
    assert plain.limits["steady"] == {"max_pct": 5.0}
    told = kind_of(
        config_with(measure__gates__steady__action="stop", measure__gates__steady__max_pct=2.0)
    ).gate_rules()
    assert (told.actions["steady"], told.limits["steady"]["max_pct"]) == ("stop", 2.0)
    off = kind_of(config_with(measure__gates__every="off")).gate_rules()
    assert set(off.actions.values()) == {"off"}
    assert off.built == []

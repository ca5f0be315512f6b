"""The checks of the quick part, each on what a host may tell."""

import pytest

from dynasplit.preflight import background, clock, disk, identity, interpreter, packages, rights
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.looking import TimeOfDayOffset
from hosts.wire.preflight import FirstLook, KnobLook, Look

GB = 1024.0


def first(**more) -> FirstLook:
    """A host without fault, but for what a test says."""
    whole = {
        "python": (3, 11, 7),
        "bits": 64,
        "machine": "aarch64",
        "node": "pi",
        "kernel": "a",
        "free_mb": {"programs and networks": 9 * GB, "the state before a change": 9 * GB},
    }
    return FirstLook(**(whole | more))


def said(findings) -> list[tuple[str, str]]:
    return [(one.verdict, f"{one.found} -> {one.advice}") for one in findings]


@pytest.mark.parametrize(
    ("told", "verdict", "words"),
    [
        ({}, "ok", "python3 is Python 3.11.7, 64 bits, on aarch64"),
        ({"python": (3, 9, 2)}, "error", "Python 3.9.2, 64 bits, on aarch64; 3.11 to 3.13 is"),
        ({"bits": 32, "machine": "armv7l"}, "error", "built for 64 bits only"),
    ],
)
def test_an_interpreter_is_new_enough_and_of_64_bits(told, verdict, words):
    ((found, text),) = said(interpreter.check("edge", "python3", first(**told)))
    assert found == verdict
    assert words in text


def installed(role: str, machine: str = "aarch64", **other: str | None) -> dict:
    pins = packages.needed(role, first(machine=machine))
    return {n: next(iter(r.specifier)).version for n, r in pins.items()} | other


def test_missing_packages_are_named_with_the_file_that_has_them():
    versions = installed("edge", msgspec=None, grpcio=None)
    ((verdict, text),) = said(packages.check("edge", first(versions=versions)))
    assert verdict == "error"
    assert (
        "missing: grpcio, msgspec -> +experiment=provision installs hosts/requirements-edge.txt"
        in text
    )


def test_other_versions_are_named_with_the_pinned_ones():
    versions = installed("edge", numpy="1.26.4")
    ((verdict, text),) = said(packages.check("edge", first(versions=versions)))
    assert verdict == "warning"
    assert "numpy 1.26.4 (==" in text


def test_a_build_for_gpus_is_held_to_its_own_version():
    pins = packages.needed("cloud", first(machine="x86_64"), "onnx")
    versions = {n: next(iter(r.specifier)).version for n, r in pins.items()}
    del versions["onnxruntime"]
    for version, expected in (("1.31.1", "ok"), ("1.30.0", "warning")):
        there = first(machine="x86_64", versions={**versions, "onnxruntime-gpu": version})
        ((verdict, text),) = said(packages.check("cloud", there, "onnx"))
        assert verdict == expected, text


def test_a_host_needs_the_packages_of_its_architecture():
    assert "tensorflow-cpu" in packages.needed("cloud", first(machine="x86_64"))
    assert "tensorflow" in packages.needed("cloud", first(machine="aarch64"))
    assert "tensorflow-cpu" not in packages.needed("cloud", first(machine="aarch64"))
    versions = installed("cloud")
    assert said(packages.check("cloud", first(versions=versions)))[0][0] == "ok"


def test_a_build_for_gpus_stands_for_the_one_for_cpus():
    assert {"tensorflow", "tensorflow-cpu"} <= set(packages.asked_for("cloud"))
    versions = installed("cloud", "x86_64")
    versions["tensorflow"] = versions.pop("tensorflow-cpu")
    found = first(machine="x86_64", versions=versions)
    assert said(packages.check("cloud", found))[0][0] == "ok"
    found = first(machine="x86_64", versions=versions | {"tensorflow": "1"})
    ((verdict, text),) = said(packages.check("cloud", found))
    assert (verdict, "tensorflow 1" in text) == ("warning", True)


@pytest.mark.parametrize(
    ("free_mb", "verdict"), [(9 * GB, "ok"), (900.0, "warning"), (20.0, "error")]
)
def test_room_on_the_disk(free_mb, verdict):
    told = first(free_mb=dict.fromkeys(disk.PLACES, free_mb))
    assert said(disk.check("edge", told))[0][0] == verdict


@pytest.mark.parametrize(
    ("offset_s", "uncertainty_s", "verdict"),
    [
        (0.002, 0.001, "ok"),
        (0.05, 0.001, "warning"),
        (0.05, 0.045, "ok"),
        (-90_000, 0.1, "warning"),
    ],
)
def test_a_clock_may_differ_by_little_more_than_is_known(offset_s, uncertainty_s, verdict):
    ((found, _),) = said(clock.check("edge", TimeOfDayOffset(offset_s, uncertainty_s)))
    assert found == verdict


@pytest.mark.parametrize(
    ("knob", "verdict", "words"),
    [
        (KnobLook(values=(600, 1800)), "ok", "600, 1800"),
        (KnobLook(values=(600,), shut=("/sys/a", "/sys/b")), "error", "/sys/a and 1 more"),
        (KnobLook(trouble="no cpu_mhz here"), "error", "no cpu_mhz here"),
    ],
)
def test_a_knob_whose_files_are_shut_is_named(knob, verdict, words):
    ((found, text),) = said(rights.check("edge", Look(knobs={"cpu_mhz": knob})))
    assert found == verdict
    assert words in text


def test_a_folder_that_cannot_be_written_is_an_error():
    ((verdict, text),) = said(rights.check("edge", Look(shut_folders=("/var/x",))))
    assert (verdict, "/var/x" in text) == ("error", True)


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (Look(load_pct=2.0), "ok", "2 %"),
        (Look(load_pct=40.0), "warning", "40 % of its CPUs are busy; 5 % may be"),
        (Look(load_pct=1.0, swapping=True), "warning", "swapped"),
        (Look(temperature_c=60.0), "ok", "60 degrees"),
        (Look(temperature_c=82.0), "warning", "82 degrees"),
        (Look(throttling=((), ())), "ok", "none since"),
        (Look(throttling=((), ("undervoltage",))), "warning", "since its start: undervoltage"),
        (Look(throttling=(("throttled",), ("throttled",))), "error", "now: throttled"),
    ],
)
def test_what_else_goes_on_is_told(seen, verdict, words):
    ((found, text),) = said(background.check("edge", seen))
    assert found == verdict
    assert words in text


def test_what_a_host_does_not_tell_has_no_row():
    assert said(background.check("edge", Look())) == []


PI, CLOUD = HostAddress(address="pi"), HostAddress(address="10.0.0.9")


def test_two_names_for_one_host_are_noticed():
    ((verdict, text),) = said(identity.check((PI, CLOUD), first(), first()))
    assert verdict == "error"
    assert "one host, pi; pi and 10.0.0.9 are two names for it" in text
    ((verdict, text),) = said(identity.check((PI, PI), first(), first()))
    assert (verdict, "two names" in text) == ("error", False)


def test_one_host_whose_roles_have_cpus_of_their_own_is_a_warning():
    apart = HostAddress(address="pi", cpus=(0,)), HostAddress(address="pi", cpus=(1,))
    assert said(identity.check(apart, first(), first()))[0][0] == "warning"
    same = HostAddress(address="pi", cpus=(0, 1)), HostAddress(address="pi", cpus=(1,))
    assert said(identity.check(same, first(), first()))[0][0] == "error"


def test_other_kernels_and_boards_are_two_hosts():
    assert said(identity.check((PI, CLOUD), first(), first(kernel="b")))[0][0] == "ok"
    boards = first(board=True), first(board=True)
    assert said(identity.check((PI, PI), *boards)) == [("ok", "two emulated boards -> ")]

"""The same network made twice gives the same file, whatever Keras writes into it."""

import json
import zipfile
from pathlib import Path

import pytest

from hosts.models.prepare.same_bytes import with_same_bytes


def keras_file(path: Path, day: int, places: tuple[int, int]) -> Path:
    """A file as Keras writes it; its layers share two objects at these places in memory."""
    shared = [{"dtype": {"shared_object_id": places[n]}, "units": n} for n in (1, 0, 1)]
    content = {
        "metadata.json": json.dumps({"keras_version": "3", "date_saved": f"2026-01-0{day}@1:00"}),
        "config.json": json.dumps({"layers": shared, "name": "ä"}),
        "model.weights.h5": b"\0weights" * 1000,
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, words in content.items():
            file.writestr(zipfile.ZipInfo(name, (2026, 1, day, 1, 2, 4)), words)
    return path


def test_time_and_places_in_memory_leave_no_trace(tmp_path):
    one = keras_file(tmp_path / "one.keras", 1, (140206108833488, 7))
    two = keras_file(tmp_path / "two.keras", 2, (139658916797264, 9))
    assert one.read_bytes() != two.read_bytes()
    with_same_bytes(one)
    with_same_bytes(two)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as file:
        config = json.loads(file.read("config.json"))
        assert file.read("model.weights.h5") == b"\0weights" * 1000
        assert json.loads(file.read("metadata.json"))["keras_version"] == "3"
    assert [layer["dtype"]["shared_object_id"] for layer in config["layers"]] == [1, 2, 1]
    assert ([layer["units"] for layer in config["layers"]], config["name"]) == ([1, 0, 1], "ä")
    assert list(tmp_path.glob("*.draft")) == []


def test_what_is_no_such_file_is_left_as_it_was(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"no archive")
    with pytest.raises(zipfile.BadZipFile):
        with_same_bytes(path)
    assert path.read_bytes() == b"no archive"
    assert list(tmp_path.glob("*.draft")) == []


@pytest.mark.medium
@pytest.mark.fault(
    group="files",
    fault="the cache of networks is emptied, or its code changes: they are made anew",
    seen="nothing: the same file is made, and the run goes on",
    kept="what was measured",
)
def test_keras_s_own_files_are_the_same_and_load(tmp_path):
    import keras
    import numpy as np

    made = []
    for name in ("one", "two"):
        keras.utils.clear_session()  # names of layers begin anew
        keras.utils.set_random_seed(3)
        policy = keras.DTypePolicy("float32")  # another object each time
        layers = [keras.Input((4,)), keras.layers.Dense(3, dtype=policy)]
        model = keras.Sequential([*layers, keras.layers.ReLU(dtype=policy)], name="small")
        path = tmp_path / f"{name}.keras"
        model.save(path)
        with_same_bytes(path)
        made.append(path.read_bytes())
    assert made[0] == made[1]
    loaded = keras.saving.load_model(tmp_path / "one.keras")
    given = np.ones((1, 4), np.float32)
    np.testing.assert_array_equal(loaded(given), model(given))

"""Weights that `keras.applications` downloads, from a server here that answers as the hub does."""

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.networks import _weights, mobilenet_v2
from hosts.models.networks._weights import resolve

pytestmark = pytest.mark.medium

FILE = mobilenet_v2.ABOUT.pretrained_file


def silent(_what: str) -> None:
    pass


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers with one file, or as a hub in trouble.

    Attributes:
        content: of the file. trouble: `gone`, `cut`, `stalled`, `other`, or none. asked: the paths.
    """

    content: bytes = b""
    trouble = ""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.trouble == "gone" or not self.path.endswith(f"/{FILE}"):
            self.send_error(404)
            return
        content = b"<html>maintenance</html>" if self.trouble == "other" else self.content
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        if self.trouble in ("cut", "stalled"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            if self.trouble == "stalled":
                time.sleep(1.0)
            return
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[bytes, list[np.ndarray]]:
    """A file of weights as the hub has it, and the weights."""
    import keras

    keras.utils.set_random_seed(7)
    model = keras.applications.MobileNetV2(weights=None)
    path = tmp_path_factory.mktemp("hub") / "whole.h5"
    model.save(path)
    return path.read_bytes(), model.get_weights()


@pytest.fixture
def hub(stored, tmp_path, monkeypatch) -> Iterator[type[Hub]]:
    """The server, with Keras' cache empty."""
    from keras.src.applications import mobilenet_v2 as theirs
    from keras.src.backend import config

    class Here(Hub):
        content, asked = stored[0], []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_address[1]}/mobilenet_v2/"
    monkeypatch.setattr(theirs, "BASE_WEIGHT_PATH", place)
    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(_weights, "_STALLED_S", 0.3)
    yield Here
    server.shutdown()
    server.server_close()


def built():
    return mobilenet_v2.build("imagenet", 0, None, silent)


def test_weights_are_downloaded_once_and_then_at_hand(hub, stored, tmp_path):
    assert resolve("auto", mobilenet_v2.ABOUT, "mobilenet_v2") == "random"
    for _ in range(2):
        for one, expected in zip(built().get_weights(), stored[1], strict=True):
            np.testing.assert_array_equal(one, expected)
    assert hub.asked == [f"/mobilenet_v2/{FILE}"]
    assert (tmp_path / "models" / FILE).read_bytes() == hub.content
    assert resolve("auto", mobilenet_v2.ABOUT, "mobilenet_v2") == "imagenet"


@pytest.mark.parametrize(
    ("trouble", "told"),
    [("gone", "404"), ("cut", "retrieval incomplete"), ("stalled", "timed out")],
)
@pytest.mark.fault(
    group="networks",
    fault="a hub of weights that is gone, breaks off or stalls",
    seen="the file that could not be downloaded, why, and where to put it",
    kept="nothing in Keras' cache, so the next try downloads it",
)
def test_a_hub_in_trouble_is_said_and_leaves_nothing(hub, stored, tmp_path, trouble, told):
    hub.trouble = trouble
    with pytest.raises(ModelError, match=rf"{FILE} could not be downloaded \(.*{told}.*put it"):
        built()
    assert not (tmp_path / "models" / FILE).exists()
    hub.trouble = ""
    np.testing.assert_array_equal(built().get_weights()[0], stored[1][0])


def test_a_file_at_hand_that_is_none_is_named(hub, tmp_path):
    """As a program leaves it that was killed while it downloaded."""
    path = Path(tmp_path, "models", FILE)
    path.parent.mkdir()
    path.write_bytes(hub.content[: len(hub.content) // 2])
    with pytest.raises(ModelError, match=rf"{path} is damaged \(.*delete it, and start again"):
        built()
    assert hub.asked == []
    path.unlink()
    hub.trouble = "other"
    with pytest.raises(ModelError, match=rf"{path} is damaged \(.*delete it, and start again"):
        built()

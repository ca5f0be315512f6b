"""A process of its own that quantises VGG16, so that its memory can be watched.

python -m tests.hosts.models.vgg16_int8 FOLDER, which gets the int8 file, the float32 outputs of
every split point, and the time that it took.
"""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np

from hosts.models.datasets import base as datasets
from hosts.models.keras_graphs.graph import cut_points
from hosts.models.networks import base as networks
from hosts.models.prepare.matching import cut_tensors
from hosts.models.prepare.whole import convert_whole


def main() -> None:
    folder = Path(sys.argv[1])
    vgg16 = networks.find("vgg16")
    images = datasets.load("photos", 1, 24, 0, vgg16.ABOUT.input_shape)
    calibration = vgg16.preprocess(images.calibration.pixels)
    model = vgg16.build("random", 0, calibration, print)
    before_s, cpu_before_s = time.monotonic(), time.process_time()
    convert_whole(model, calibration, folder / "vgg16.tflite", print)
    took_s, cpu_s = time.monotonic() - before_s, time.process_time() - cpu_before_s
    image = vgg16.preprocess(images.evaluation.pixels)
    cuts = cut_points(model)
    tensors = cut_tensors(model, cuts, folder / "vgg16.tflite", calibration[:1])
    floats = keras.Model(model.inputs[0], [cut.tensor for cut in cuts[1:]])(image)
    last = model.get_layer("predictions")
    arrays = {str(k): np.asarray(values) for k, values in enumerate(floats, 1)}
    np.savez(
        folder / "floats.npz",
        image=image,
        kernel=np.asarray(last.kernel),
        bias=np.asarray(last.bias),
        **arrays,
    )
    made = {"took_s": took_s, "cpu_s": cpu_s, "tensors": tensors}
    (folder / "made.json").write_text(json.dumps(made))


if __name__ == "__main__":
    main()

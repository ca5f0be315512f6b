"""TensorFlow: tails of Keras networks, on CPUs and on NVIDIA's GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.base import Runtime, file_of

if TYPE_CHECKING:
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails


class TensorFlow(Runtime):
    """TensorFlow below Keras; one function for each tail."""

    name = "tensorflow"
    title = "TensorFlow"
    tails = True
    libraries = ("tensorflow", "keras")
    packages = ("tensorflow", "tensorflow-cpu")

    @classmethod
    def import_libraries(cls) -> None:
        """Import Keras, which imports TensorFlow."""
        from hosts.models.keras_graphs.light_keras import import_keras

        import_keras("tensorflow")

    @classmethod
    def gpus(cls) -> int:
        """How many GPUs TensorFlow sees."""
        cls.import_libraries()
        import tensorflow as tf

        return len(tf.config.list_physical_devices("GPU"))

    @classmethod
    def open_tails(
        cls, manifest: Manifest, paths: Mapping[str, str], *, tf32: bool
    ) -> TensorFlowTails:
        """The tails, which share one set of weights."""
        cls.import_libraries()  # before TensorFlow, which imports Keras with all that it looks for
        import tensorflow as tf

        from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

        tf.get_logger().setLevel("ERROR")  # it takes one trace for each tail as a mistake
        tf.config.experimental.enable_tensor_float_32_execution(tf32)
        return TensorFlowTails.open(file_of(manifest, paths, "tail"), manifest)

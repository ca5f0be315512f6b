"""Prints the number of GPUs that TensorFlow sees: python -m hosts.models.runtime.devices."""

from __future__ import annotations

from hosts.models.runtime.light_keras import import_keras


def main() -> None:
    """Print the number."""
    import_keras()  # before TensorFlow, which imports Keras with all that it looks for
    import tensorflow as tf

    print(len(tf.config.list_physical_devices("GPU")))


if __name__ == "__main__":
    main()

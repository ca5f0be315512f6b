"""Prints the number of GPUs that TensorFlow sees: python -m hosts.models.runtime.devices."""

from __future__ import annotations


def main() -> None:
    """Print the number."""
    import tensorflow as tf

    print(len(tf.config.list_physical_devices("GPU")))


if __name__ == "__main__":
    main()

"""JAX: tails of Keras networks, compiled, on CPUs and on NVIDIA's GPUs; without TensorFlow."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.base import Runtime, file_of

if TYPE_CHECKING:
    from hosts.models.runtimes.jax.tails import JaxTails

_CUDA = ("jax_cuda12_plugin", "jax_cuda13_plugin")


class Jax(Runtime):
    """JAX below Keras; one compiled function for each tail and shape."""

    name = "jax"
    title = "JAX"
    tails = True
    libraries = ("jax", "keras")
    packages = ("jax",)

    @classmethod
    def computes_on_gpu(cls) -> bool:
        """True if one of JAX's packages for CUDA is installed."""
        return cls.is_here() and any(importlib.util.find_spec(name) for name in _CUDA)

    @classmethod
    def import_libraries(cls) -> None:
        """Import Keras on JAX."""
        from hosts.models.keras_graphs.light_keras import import_keras

        import_keras("jax")

    @classmethod
    def gpus(cls) -> int:
        """How many GPUs JAX finds."""
        import jax

        try:
            return len(jax.devices("gpu"))
        except RuntimeError:  # it knows no such platform
            return 0

    @classmethod
    def open_tails(cls, manifest: Manifest, paths: Mapping[str, str], *, tf32: bool) -> JaxTails:
        """The tails, which share one set of weights on each device."""
        cls.import_libraries()
        import jax

        from hosts.models.runtimes.jax.tails import JaxTails

        config: Any = jax.config
        config.update("jax_default_matmul_precision", "tensorfloat32" if tf32 else "highest")
        return JaxTails.open(file_of(manifest, paths, "tail"), manifest)

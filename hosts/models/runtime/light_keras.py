"""Imports Keras without the libraries that it only looks for."""

from __future__ import annotations

import gc
import sys

_LOOKED_FOR = ("matplotlib", "pandas", "scipy", "sklearn")


def import_keras() -> None:
    """Import Keras as if plots, tables and statistics were not installed: in 60 % of the time.

    Keras imports them where they are there, for wrappers that nothing here uses. Afterwards they
    can be imported as ever. What is imported stays, so nothing is looked for that could be freed:
    another quarter of the time.
    """
    hidden = [name for name in _LOOKED_FOR if name not in sys.modules]
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

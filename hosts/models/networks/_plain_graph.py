"""A user's graph as the converter takes it: one plain output, plain names, float32, no loops."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    import keras

_SAFE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_./>\\-]*")  # TensorFlow's rule for scopes
_FLOATS = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64")


MOST_STEPS = 256
"""Of a recurrent layer, each of which becomes operations of its own."""


def plain(model: keras.Model) -> keras.Model:
    """The same network; a copy where names, precision, loops or the form of its output ask for one.

    Raises:
        ModelError: a recurrent layer has too many steps, or keeps its state between images.
    """
    import keras

    names = [layer.name for layer in model.layers]
    inner = _all_layers(model)
    loops = [layer for layer in inner if isinstance(layer, keras.layers.RNN)]
    _check_loops(loops)
    has_loops = not all(layer.unroll for layer in loops)
    if not all(map(_SAFE.fullmatch, names)) or any(map(_is_not_float32, inner)) or has_loops:
        model = _copied(model)
    name = safe_name(model.name)
    sequential = isinstance(model, keras.Sequential)
    if sequential or name != model.name or _is_named(model):
        model = keras.Model(model.inputs[0], model.outputs[0], name=name)
    return model


def _check_loops(layers: list[Any]) -> None:
    """The converter's loops cannot be split, so each step is written out (`unroll`)."""
    for layer in layers:
        told = f"its layer {layer.name} ({type(layer).__name__})"
        if layer.stateful:
            raise ModelError(
                f"{told} keeps its state between images, so that an answer would depend on the "
                "images before; build it with stateful=False"
            )
        steps = layer._build_shapes_dict["sequences_shape"][1]
        if not steps or steps > MOST_STEPS:
            raise ModelError(
                f"{told} takes {steps or 'an unknown number of'} steps; recurrent layers of at "
                f"most {MOST_STEPS} can be computed on the edge, in any precision"
            )


def safe_name(name: str) -> str:
    """A name that files, scopes and tensors can have: other characters become `_`."""
    if _SAFE.fullmatch(name):
        return name
    changed = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return changed if _SAFE.fullmatch(changed) else f"n{changed}"


def _is_named(model: keras.Model) -> bool:
    """True if inputs or outputs are given by name: one output under a name is one output."""
    config = model.get_config()
    return any(isinstance(config.get(end), dict) for end in ("input_layers", "output_layers"))


def _all_layers(model: keras.Model) -> list[Any]:
    return list(model._flatten_layers(include_self=False))


def _is_not_float32(layer: Any) -> bool:
    return layer.dtype_policy.name in _FLOATS


def _copied(model: keras.Model) -> keras.Model:
    """A copy with safe names that computes in float32 without loops, with the same weights."""
    import keras

    taken = {layer.name for layer in model.layers if _SAFE.fullmatch(layer.name)}

    def copied(layer: Any) -> Any:
        config = _plain_config(layer.get_config())
        name = safe_name(layer.name)
        while name != layer.name and name in taken:
            name += "_"
        taken.add(name)
        return type(layer).from_config({**config, "name": name})

    made = keras.models.clone_model(model, clone_function=copied)
    made.set_weights(model.get_weights())
    return made


def _plain_config(config: Any) -> Any:
    """A layer's configuration, within wrappers too: with the policy float32, and without loops."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy" and config["config"]["name"] in _FLOATS:
            return {**config, "config": {**config["config"], "name": "float32"}}
        found = {key: _plain_config(value) for key, value in config.items()}
        return found | {"unroll": True} if "unroll" in found else found
    if isinstance(config, list):
        return [_plain_config(value) for value in config]
    return config

"""Reads published ViT weights into `vit_b16`, in the three layouts that they come in.

All are brought to the names and shapes of the original release's npz files, whose kernels lie as
Keras' do. Hugging Face's `transformers` and timm store PyTorch's layouts: (out, in) for dense
layers, (out, in, height, width) for convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    import keras

Arrays = Mapping[str, npt.NDArray[Any]]
_PARTS = ("query", "key", "value")


def load_into(model: keras.Model, path: Path) -> None:
    """Read the weights of a file.

    Args:
        model: as `vit_b16.graph` makes it; changed in place.
        path: an npz in the original's layout, or safetensors in Hugging Face's or timm's.

    Raises:
        ModelError: the file cannot be read, or a name or shape is not ViT-B/16's.
    """
    arrays = _read(path)
    layout = _layout(arrays, path)
    for weight in model.weights:
        name = original_name(weight.path)
        source, take = layout(name)
        if source not in arrays:
            raise ModelError(
                f"{path} has no {source!r}, which {model.name} needs; it has "
                f"{', '.join(list(arrays)[:4])} ... ({len(arrays)} arrays)"
            )
        found = take(arrays[source], tuple(weight.shape))
        if found.shape != tuple(weight.shape):
            raise ModelError(
                f"{source!r} of {path} has shape {arrays[source].shape}; {model.name} needs "
                f"{name} of shape {tuple(weight.shape)}: weights of another network"
            )
        weight.assign(found.astype(np.float32))


def original_name(path: str) -> str:
    """The original release's name of one of the network's weights.

    Args:
        path: Keras' path of it, as `block_0_attention/query/kernel`.
    """
    layer, *parts = path.split("/")
    kind = {"gamma": "scale", "beta": "bias"}.get(parts[-1], parts[-1])
    outside = {
        "patch_embedding": f"embedding/{kind}",
        "class_token": "cls",
        "position_embedding": "Transformer/posembed_input/pos_embedding",
        "norm": f"Transformer/encoder_norm/{kind}",
        "head": f"head/{kind}",
    }
    if layer in outside:
        return outside[layer]
    _, block, place = layer.split("_", 2)
    part = {"attention_output": "out"}.get(parts[0], parts[0])
    inside = {
        "norm_1": f"LayerNorm_0/{kind}",
        "norm_2": f"LayerNorm_2/{kind}",
        "attention": f"MultiHeadDotProductAttention_1/{part}/{kind}",
        "mlp_1": f"MlpBlock_3/Dense_0/{kind}",
        "mlp_2": f"MlpBlock_3/Dense_1/{kind}",
    }
    return f"Transformer/encoderblock_{block}/{inside[place]}"


Take = Callable[[npt.NDArray[Any], tuple[int, ...]], npt.NDArray[Any]]
Layout = Callable[[str], tuple[str, Take]]


def _as_is(array: npt.NDArray[Any], _shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return array


def _turned(array: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """From PyTorch's order of axes to Keras', and to its shape where the sizes agree."""
    axes = {2: (1, 0), 4: (2, 3, 1, 0)}.get(array.ndim)
    turned = array.transpose(axes) if axes else array
    return turned.reshape(shape) if turned.size == int(np.prod(shape)) else turned


def _third(part: int) -> Take:
    """One of query, key and value, which timm stacks along the outputs."""

    def take(array: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        rows = array.shape[0] // 3
        return _turned(array[part * rows : (part + 1) * rows], shape)

    return take


def _hugging_face(prefix: str) -> Layout:
    inside = {
        "LayerNorm_0": "layernorm_before",
        "LayerNorm_2": "layernorm_after",
        **{f"MultiHeadDotProductAttention_1/{p}": f"attention.attention.{p}" for p in _PARTS},
        "MultiHeadDotProductAttention_1/out": "attention.output.dense",
        "MlpBlock_3/Dense_0": "intermediate.dense",
        "MlpBlock_3/Dense_1": "output.dense",
    }
    outside = {
        "cls": f"{prefix}embeddings.cls_token",
        "Transformer/posembed_input/pos_embedding": f"{prefix}embeddings.position_embeddings",
        "embedding": f"{prefix}embeddings.patch_embeddings.projection",
        "Transformer/encoder_norm": f"{prefix}layernorm",
        "head": "classifier",
    }
    return lambda name: (_translated(name, outside, f"{prefix}encoder.layer", inside), _turned)


def _timm(name: str) -> tuple[str, Take]:
    inside = {
        "LayerNorm_0": "norm1",
        "LayerNorm_2": "norm2",
        **{f"MultiHeadDotProductAttention_1/{p}": "attn.qkv" for p in _PARTS},
        "MultiHeadDotProductAttention_1/out": "attn.proj",
        "MlpBlock_3/Dense_0": "mlp.fc1",
        "MlpBlock_3/Dense_1": "mlp.fc2",
    }
    outside = {
        "cls": "cls_token",
        "Transformer/posembed_input/pos_embedding": "pos_embed",
        "embedding": "patch_embed.proj",
        "Transformer/encoder_norm": "norm",
        "head": "head",
    }
    part = name.split("/")[-2] if "/" in name else ""
    take = _third(_PARTS.index(part)) if part in _PARTS else _turned
    return _translated(name, outside, "blocks", inside), take


def _translated(
    name: str, outside: Mapping[str, str], blocks: str, inside: Mapping[str, str]
) -> str:
    if name in outside:
        return outside[name]
    layer, kind = name.rsplit("/", 1)
    torch_kind = "bias" if kind == "bias" else "weight"
    if layer in outside:
        return f"{outside[layer]}.{torch_kind}"
    _, block, place = layer.split("/", 2)
    return f"{blocks}.{block.removeprefix('encoderblock_')}.{inside[place]}.{torch_kind}"


def _read(path: Path) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if path.suffix == ".safetensors":
            loaded: Arrays = load_file(path)
            return loaded
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (SafetensorError, BadZipFile, ValueError, OSError, EOFError, AttributeError) as error:
        raise ModelError(
            f"{path} cannot be read as weights (.npz or .safetensors): {error}"
        ) from error


def _layout(arrays: Arrays, path: Path) -> Layout:
    """The layout that the names belong to."""
    if "Transformer/encoder_norm/scale" in arrays:
        return lambda name: (name, _as_is)
    for prefix in ("vit.", ""):
        if f"{prefix}embeddings.cls_token" in arrays:
            return _hugging_face(prefix)
    if "blocks.0.attn.qkv.weight" in arrays:
        return _timm
    raise ModelError(
        f"{path} has none of the layouts that ViT weights come in (Transformer/encoder_norm/scale, "
        f"embeddings.cls_token or blocks.0.attn.qkv.weight); it has {', '.join(list(arrays)[:6])}"
    )
